"""A tool's text changes while clients are connected, and the gateway refuses its calls."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("helpdesk-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    client = ground.stage.client(AGENT, "jira")
    client.list_tools()
    ground.stage.call(AGENT, "jira", "search", {"query": "login"}, conversation="tickets of the week")
    ground.lab.rug_pull("jira")
    ground.clock.advance(30)
    client.list_tools()
    ground.stage.call(AGENT, "jira", "search", {"query": "export"}, conversation="tickets of the week")


ATTACK = Attack(
    story="a tool's text changes while clients are connected, and the gateway refuses its calls",
    risk="tool-poisoning",
    expect=("manifest_drift_outside_window",),
    play=_play,
)
