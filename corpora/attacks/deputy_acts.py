"""A server calls another one in its own name while it serves a person's call."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

PERSON = Actor("person@example.com", "human")
DEPUTY = Actor("jira-service@example.com", "service")


def _play(ground: Ground) -> None:
    trace = "d1" * 16
    asked = ground.stage.call(
        PERSON, "jira", "get_ticket", {"key": "OPS-2"}, conversation="whose call", trace=(trace, None)
    )
    ground.stage.call(
        DEPUTY,
        "crm",
        "find_customer",
        {"name": "Kim"},
        conversation="whose call",
        trace=(trace, asked.span_id),
    )


ATTACK = Attack(
    story="a server calls another one in its own name while it serves a person's call",
    risk="confused-deputy",
    expect=("deputy_acts_without_delegation",),
    play=_play,
)
