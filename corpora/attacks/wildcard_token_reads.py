"""A client with a scope for everything reads all day and never writes."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("board-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    token = ground.stage.token(AGENT, "jira", scopes=("jira:read", "*"))
    with ground.stage.bearing(token, "jira") as client:
        for number in range(55):
            client.call("get_ticket", {"key": f"OPS-{number % 40 + 1}"}, conversation=f"board {number // 10}")
            ground.clock.advance(40)


ATTACK = Attack(
    story="a client with a scope for everything reads all day and never writes",
    risk="over-scoped-token",
    expect=(
        "token_with_wildcard_scope",
        "wildcard_scope_for_reads_only",
    ),
    play=_play,
)
