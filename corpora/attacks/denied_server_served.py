"""A server that governance denied is called through a gateway that does not ask its registry."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.records import Entry
from mcpsoar.lab.seed import fingerprint
from mcpsoar.lab.stage import Actor

AGENT = Actor("stubborn-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    ground.lab.weaken("registry")
    entry = Entry("helper", status="denied", fingerprint=fingerprint("helper"))
    ground.lab.register(entry, by="governance@example.com", ticket="CHG-1201")
    ground.lab.pin("helper")
    with ground.stage.fresh(AGENT, "helper") as client:
        client.call("run_demo", {}, conversation="denied and used")


ATTACK = Attack(
    story="a server that governance denied is called through a gateway that does not ask its registry",
    risk="shadow-server",
    expect=(
        "call_allowed_to_denied_server",
        "shadow_server_in_production",
    ),
    play=_play,
)
