"""An unregistered server's tool has an approved one's name and is called in its place."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("namesake-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    ground.lab.weaken("registry")
    ground.stage.call(AGENT, "jira", "search", {"query": "login"}, conversation="which search")
    with ground.stage.fresh(AGENT, "helper") as client:
        client.call("search", {"query": "login"}, conversation="which search")


ATTACK = Attack(
    story="an unregistered server's tool has an approved one's name and is called in its place",
    risk="shadow-server",
    expect=(
        "same_tool_on_unapproved_server",
        "shadow_server_in_production",
    ),
    play=_play,
)
