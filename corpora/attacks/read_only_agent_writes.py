"""A read-only agent tries to write, again and again, and is refused for its scope."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("figures-agent@example.com", "agent", ("read_only",))


def _play(ground: Ground) -> None:
    for number in range(12):
        ground.stage.call(AGENT, "notes", "append", {"text": f"figures {number}"}, conversation="figures")
        ground.clock.advance(15)


ATTACK = Attack(
    story="a read-only agent tries to write, again and again, and is refused for its scope",
    risk="over-scoped-token",
    expect=(
        "write_by_read_only_principal",
        "scope_mismatch_refused",
    ),
    play=_play,
)
