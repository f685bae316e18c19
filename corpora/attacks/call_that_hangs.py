"""A tool holds its caller for eleven minutes."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("waiting-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    ground.lab.stall("jira", lambda: ground.clock.advance(660))
    ground.stage.call(AGENT, "jira", "search", {"query": "login"}, conversation="waiting")
    ground.lab.stall("jira", None)
    ground.stage.call(AGENT, "jira", "search", {"query": "login"}, conversation="waiting")


ATTACK = Attack(
    story="a tool holds its caller for eleven minutes",
    risk="runaway-chain",
    expect=("call_of_ten_minutes",),
    play=_play,
)
