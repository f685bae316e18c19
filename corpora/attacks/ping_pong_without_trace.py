"""Evasion: two tools send an agent to each other, and no call says what caused it."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("pingpong-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    for _ in range(8):
        ground.stage.call(AGENT, "jira", "search", {"query": "login"}, conversation="to and fro")
        ground.clock.advance(20)
        ground.stage.call(AGENT, "github", "list_issues", {}, conversation="to and fro")
        ground.clock.advance(20)


ATTACK = Attack(
    story="evasion: two tools send an agent to each other, and no call says what caused it",
    risk="runaway-chain",
    expect=("tools_ping_pong",),
    play=_play,
)
