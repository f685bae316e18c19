"""Evasion: an unapproved server calls itself a development one, and works on real data."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.records import Entry
from mcpsoar.lab.seed import fingerprint
from mcpsoar.lab.stage import Actor

AGENT = Actor("sandbox-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    ground.lab.weaken("registry")
    entry = Entry("helper", status="pending", environment="dev", fingerprint=fingerprint("helper"))
    ground.lab.register(entry, by="governance@example.com", ticket="CHG-1203")
    ground.lab.pin("helper")
    with ground.stage.fresh(AGENT, "helper") as client:
        client.call("run_demo", {}, conversation="only a test")


ATTACK = Attack(
    story="evasion: an unapproved server calls itself a development one, and works on real data",
    risk="shadow-server",
    expect=("shadow_server_outside_production",),
    play=_play,
)
