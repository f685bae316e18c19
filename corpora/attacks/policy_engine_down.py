"""The policy engine does not answer, and the gateway fails open."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("outage-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.lab.weaken("engine")
    for title in ("first", "second"):
        ground.stage.call(AGENT, "github", "create_issue", {"title": title}, conversation="outage")


ATTACK = Attack(
    story="the policy engine does not answer, and the gateway fails open",
    risk="over-scoped-token",
    expect=("call_executed_without_policy_answer",),
    play=_play,
)
