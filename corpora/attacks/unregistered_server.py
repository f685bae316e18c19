"""A demo server that nobody registered is called, and refused."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

DEVELOPER = Actor("demo-developer@example.com", "human")


def _play(ground: Ground) -> None:
    with ground.stage.fresh(DEVELOPER, "helper") as client:
        for _ in range(3):
            client.call("run_demo", {}, conversation="demo")


ATTACK = Attack(
    story="a demo server that nobody registered is called, and refused",
    risk="shadow-server",
    expect=("shadow_server_in_production",),
    play=_play,
)
