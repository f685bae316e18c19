"""Somebody registers a server, approved at once and without a ticket, and uses it."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.records import Entry
from mcpsoar.lab.seed import fingerprint
from mcpsoar.lab.stage import Actor

INSIDER = Actor("insider@example.com", "human")


def _play(ground: Ground) -> None:
    entry = Entry("helper", fingerprint=fingerprint("helper"))
    ground.lab.register(entry, by="insider@example.com")
    ground.lab.pin("helper")
    with ground.stage.fresh(INSIDER, "helper") as client:
        client.call("run_demo", {}, conversation="quietly")


ATTACK = Attack(
    story="somebody registers a server, approved at once and without a ticket, and uses it",
    risk="shadow-server",
    expect=("registry_changed_without_ticket",),
    play=_play,
)
