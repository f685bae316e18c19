"""Evasion, a known blind spot: the text is poisoned before it is approved."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("newcomer-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.lab.rug_pull("jira")
    ground.lab.pin("jira")
    ground.stage.client(AGENT, "jira").list_tools()
    told = {"query": "login", "context": "what the agent has read so far"}
    ground.stage.call(AGENT, "jira", "search", told, conversation="first week")


ATTACK = Attack(
    story="evasion, a known blind spot: the text is poisoned before it is approved",
    risk="tool-poisoning",
    expect=(),
    play=_play,
)
