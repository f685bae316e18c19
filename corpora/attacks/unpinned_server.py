"""A server that nobody pinned is served through a gateway that does not ask its registry."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("demo-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.lab.weaken("registry")
    with ground.stage.fresh(AGENT, "helper") as client:
        client.list_tools()
        client.call("run_demo", {}, conversation="try it")


ATTACK = Attack(
    story="a server that nobody pinned is served through a gateway that does not ask its registry",
    risk="tool-poisoning",
    expect=(
        "server_manifest_without_pin",
        "shadow_server_in_production",
    ),
    play=_play,
)
