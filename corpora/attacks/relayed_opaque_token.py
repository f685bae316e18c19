"""An opaque token of one server is tried on another, which refuses it."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("opaque-relay-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    with ground.stage.fresh(AGENT, "github", audience="notes") as client:
        client.call("list_issues", {}, conversation="opaque relay")


ATTACK = Attack(
    story="an opaque token of one server is tried on another, which refuses it",
    risk="confused-deputy",
    expect=("token_for_other_audience",),
    play=_play,
)
