"""An approval that names no approver opens a write."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("nobody-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    note = {"text": "approved, by whom?"}
    ground.stage.call(AGENT, "notes", "append", note, conversation="nobody", approved_by="")


ATTACK = Attack(
    story="an approval that names no approver opens a write",
    risk="over-scoped-token",
    expect=("approval_without_approver",),
    play=_play,
)
