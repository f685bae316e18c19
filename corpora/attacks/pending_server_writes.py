"""A server whose approval is pending takes writes already."""

from dataclasses import replace

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("early-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.lab.weaken("registry")
    ground.lab.observe("notes")
    entry = ground.lab.plane.server("notes")
    assert entry is not None
    ground.lab.register(replace(entry, status="pending"), by="governance@example.com", ticket="CHG-1202")
    ground.stage.call(AGENT, "notes", "append", {"text": "too early"}, conversation="too early")


ATTACK = Attack(
    story="a server whose approval is pending takes writes already",
    risk="shadow-server",
    expect=(
        "write_to_unapproved_server",
        "shadow_server_in_production",
    ),
    play=_play,
)
