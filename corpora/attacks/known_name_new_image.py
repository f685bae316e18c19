"""An approved server's name is answered by another image from one call to the next."""

from dataclasses import replace

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.seed import fingerprint
from mcpsoar.lab.stage import Actor

AGENT = Actor("swap-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    ground.stage.call(AGENT, "crm", "find_customer", {"name": "Kim"}, conversation="swap")
    entry = ground.lab.plane.server("crm")
    assert entry is not None
    ground.lab.plane.register(replace(entry, fingerprint=fingerprint("crm, patched by somebody")))
    ground.clock.advance(900)
    ground.stage.call(AGENT, "crm", "find_customer", {"name": "Robin"}, conversation="swap")


ATTACK = Attack(
    story="an approved server's name is answered by another image from one call to the next",
    risk="shadow-server",
    expect=("known_server_new_fingerprint",),
    play=_play,
)
