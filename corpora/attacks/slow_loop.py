"""Evasion: a loop slow enough for every short window makes five hundred calls in a day."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("slow-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    for _ in range(17):
        # a token lasts an hour
        with ground.stage.fresh(AGENT, "jira") as client:
            for number in range(30):
                client.call("get_ticket", {"key": f"OPS-{number + 1}"}, conversation="all day")
                ground.clock.advance(100)


ATTACK = Attack(
    story="evasion: a loop slow enough for every short window makes five hundred calls in a day",
    risk="runaway-chain",
    expect=("calls_beyond_daily_budget",),
    play=_play,
)
