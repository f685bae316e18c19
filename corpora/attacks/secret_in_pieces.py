"""Evasion, a known blind spot: a key leaves in pieces that no expression knows."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("pieces-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    said = ground.stage.call(
        AGENT, "notes", "summarize", {"text": "first half AKIAIOSF"}, conversation="pieces"
    )
    rest = {"text": f"{said.text} second half ODNN7EXAMPLE"}
    ground.stage.call(AGENT, "notes", "summarize", rest, conversation="pieces")


ATTACK = Attack(
    story="evasion, a known blind spot: a key leaves in pieces that no expression knows",
    risk="data-leak",
    expect=(),
    play=_play,
)
