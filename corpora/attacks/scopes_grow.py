"""A client's token carries more scopes with each login, and nobody was asked."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("login-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    granted = ("crm:read", "crm:write", "crm:destructive", "crm:export")
    for count in (1, 2, 4):
        token = ground.stage.token(AGENT, "crm", scopes=granted[:count])
        with ground.stage.bearing(token, "crm") as client:
            client.call("find_customer", {"name": "Kim"}, conversation=f"login {count}")
        ground.clock.advance(7200)


ATTACK = Attack(
    story="a client's token carries more scopes with each login, and nobody was asked",
    risk="over-scoped-token",
    expect=("token_scopes_grew",),
    play=_play,
)
