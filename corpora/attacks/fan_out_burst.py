"""One answer makes an agent start forty calls below it."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("burst-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    trace = "fa" * 16
    root = ground.stage.call(
        AGENT, "jira", "search", {"query": "o"}, conversation="burst", trace=(trace, None)
    )
    for number in range(40):
        key = {"key": f"OPS-{number % 40 + 1}"}
        ground.stage.call(AGENT, "jira", "get_ticket", key, conversation="burst", trace=(trace, root.span_id))


ATTACK = Attack(
    story="one answer makes an agent start forty calls below it",
    risk="runaway-chain",
    expect=(
        "call_fans_out_wide",
        "fan_out_spike",
    ),
    play=_play,
)
