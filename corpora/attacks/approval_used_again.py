"""An approval for one merge is used for another one."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("twice-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.lab.weaken("approvals")
    asked = {"number": 12}
    approval = ground.lab.approve("github", "merge_pull_request", asked, AGENT.name, by="lead@example.com")
    with ground.stage.fresh(AGENT, "github") as client:
        client.call("merge_pull_request", asked, conversation="twice", approval=approval)
        ground.clock.advance(30)
        client.call("merge_pull_request", {"number": 666}, conversation="twice", approval=approval)


ATTACK = Attack(
    story="an approval for one merge is used for another one",
    risk="over-scoped-token",
    expect=("approval_used_for_another_call",),
    play=_play,
)
