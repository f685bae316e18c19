"""Somebody registers a server, approved at once and without a ticket, and uses it."""

from dataclasses import replace

from corpora.attack import Attack
from corpora.ground import Ground
from corpora.real import TIME
from mcpsoar.lab.records import Entry
from mcpsoar.lab.seed import fingerprint
from mcpsoar.lab.stage import Actor

INSIDER = Actor("insider@example.com", "human")


def _play(ground: Ground) -> None:
    entry = Entry("clock", fingerprint=fingerprint("clock"))
    ground.lab.register(entry, by="insider@example.com")
    ground.lab.pin("clock")
    with ground.stage.fresh(INSIDER, "clock") as client:
        client.call("get_current_time", {"timezone": "UTC"}, conversation="quietly")


ATTACK = Attack(
    story="somebody registers a server, approved at once and without a ticket, and uses it",
    risk="shadow-server",
    expect=("registry_changed_without_ticket",),
    play=_play,
    shadows=(replace(TIME, name="clock"),),
)
