"""A request whose header names a harmless tool carries a merge in its body."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("two-names-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.lab.observe("github")
    with ground.stage.fresh(AGENT, "github", header_name="list_issues") as client:
        for number in (13, 14):
            client.call("merge_pull_request", {"number": number}, conversation="two names")


ATTACK = Attack(
    story="a request whose header names a harmless tool carries a merge in its body",
    risk="confused-deputy",
    expect=("header_and_body_disagree",),
    play=_play,
)
