"""A tool's text changes, nobody compares it with its pin, and the conversation uses it."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("triage-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.lab.weaken("pins")
    for query in ("login", "export"):
        ground.stage.call(AGENT, "jira", "search", {"query": query}, conversation="weekly triage")
    ground.lab.rug_pull("jira")
    ground.clock.advance(60)
    told = {"query": "login", "context": "what the agent has read so far"}
    ground.stage.call(AGENT, "jira", "search", told, conversation="weekly triage")


ATTACK = Attack(
    story="a tool's text changes, nobody compares it with its pin, and the conversation uses it",
    risk="tool-poisoning",
    expect=(
        "manifest_drift_outside_window",
        "call_allowed_after_manifest_drift",
        "manifest_change_then_use",
    ),
    play=_play,
)
