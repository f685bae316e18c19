"""A token is tried at six doors it was not made for, and each refuses it."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("doors-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    token = ground.stage.token(AGENT, "notes")
    doors = (("crm", "export_contacts"), ("github", "list_issues"), ("jira", "search"))
    for server, tool in doors * 2:
        with ground.stage.bearing(token, server) as client:
            client.call(tool, {"query": "a"} if tool == "search" else {}, conversation="doors")
        ground.clock.advance(20)


ATTACK = Attack(
    story="a token is tried at six doors it was not made for, and each refuses it",
    risk="confused-deputy",
    expect=(
        "foreign_audience_attempts",
        "token_for_other_audience",
    ),
    play=_play,
)
