"""A real server jumps to its newest version without a word: all of its tools change, and it is used on."""

from corpora.attack import Attack
from corpora.ground import Ground
from corpora.real import FILESYSTEM
from mcpsoar.lab.stage import Actor

AGENT = Actor("files-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.lab.weaken("pins")
    folder = {"path": str(ground.room(FILESYSTEM.name))}
    ground.stage.call(AGENT, FILESYSTEM.name, "list_directory", folder, conversation="folders")
    for _ in FILESYSTEM.versions[1:]:
        ground.lab.rug_pull(FILESYSTEM.name)
        ground.clock.advance(60)
        ground.stage.call(AGENT, FILESYSTEM.name, "list_directory", folder, conversation="folders")


ATTACK = Attack(
    story="a real server jumps to a version that nobody announced, and is used on",
    risk="tool-poisoning",
    expect=(
        "manifest_drift_outside_window",
        "call_allowed_after_manifest_drift",
        "manifest_change_then_use",
    ),
    play=_play,
    servers=(FILESYSTEM,),
)
