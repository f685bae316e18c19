"""Evasion: the change waits for an open deploy window that carries no ticket, and is served in it."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("minutes-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.stage.call(AGENT, "notes", "summarize", {"text": "minutes"}, conversation="minutes")
    ground.lab.deploy_window("notes", "", 1800.0)
    ground.lab.rug_pull("notes")
    ground.clock.advance(120)
    ground.stage.call(AGENT, "notes", "summarize", {"text": "minutes of Monday"}, conversation="minutes")


ATTACK = Attack(
    story="evasion: the change waits for an open deploy window that carries no ticket, and is served in it",
    risk="tool-poisoning",
    expect=("manifest_changed_in_window_without_ticket",),
    play=_play,
)
