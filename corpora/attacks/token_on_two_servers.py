"""One token is accepted by the server it was made for and by another within the hour."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("carry-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    ground.lab.weaken("tokens")
    token = ground.stage.token(AGENT, "jira")
    with ground.stage.bearing(token, "jira") as client:
        client.call("search", {"query": "login"}, conversation="carry")
    ground.clock.advance(300)
    with ground.stage.bearing(token, "crm") as client:
        client.call("find_customer", {"name": "Kim"}, conversation="carry")


ATTACK = Attack(
    story="one token is accepted by the server it was made for and by another within the hour",
    risk="confused-deputy",
    expect=(
        "token_on_two_servers",
        "foreign_token_accepted",
        "token_for_other_audience",
    ),
    play=_play,
)
