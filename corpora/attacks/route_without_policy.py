"""A route to the servers was added on which no policy stands."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("sidedoor-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.lab.weaken("route")
    ground.stage.call(AGENT, "notes", "append", {"text": "by the side door"}, conversation="side door")


ATTACK = Attack(
    story="a route to the servers was added on which no policy stands",
    risk="over-scoped-token",
    expect=("write_that_no_policy_decided",),
    play=_play,
)
