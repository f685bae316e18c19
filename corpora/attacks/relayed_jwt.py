"""A JWT that was made for one server is relayed to another, which does not look at its audience."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("jwt-relay-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    ground.lab.weaken("tokens")
    with ground.stage.fresh(AGENT, "crm", audience="jira", kind="jwt") as client:
        for name in ("Kim", "Robin"):
            client.call("find_customer", {"name": name}, conversation="relay")


ATTACK = Attack(
    story="a JWT that was made for one server is relayed to another, which does not look at its audience",
    risk="confused-deputy",
    expect=(
        "token_for_other_audience",
        "foreign_token_accepted",
    ),
    play=_play,
)
