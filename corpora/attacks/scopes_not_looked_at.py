"""A gateway that does not look at scopes lets a read-only agent write."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("plans-agent@example.com", "agent", ("read_only",))


def _play(ground: Ground) -> None:
    ground.lab.weaken("tokens")
    ground.lab.observe("crm")
    for plan in ("team", "solo"):
        ground.stage.call(AGENT, "crm", "update_contact", {"name": "Kim", "plan": plan}, conversation="plans")


ATTACK = Attack(
    story="a gateway that does not look at scopes lets a read-only agent write",
    risk="over-scoped-token",
    expect=(
        "scope_mismatch_allowed",
        "write_by_read_only_principal",
    ),
    play=_play,
)
