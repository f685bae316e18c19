"""Two servers' outputs are taken for requests to each other, twelve calls deep, writes included."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("loop-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.lab.observe("notes")
    trace, parent = "a1" * 16, None
    for number in range(12):
        server, tool, arguments = (
            ("notes", "append", {"text": f"round {number}"}) if number % 2 else ("github", "list_issues", {})
        )
        said = ground.stage.call(AGENT, server, tool, arguments, conversation="loop", trace=(trace, parent))
        parent = said.span_id


ATTACK = Attack(
    story="two servers' outputs are taken for requests to each other, twelve calls deep, writes included",
    risk="runaway-chain",
    expect=(
        "call_chain_too_deep",
        "write_deep_in_a_chain",
        "server_cycle_in_trace",
    ),
    play=_play,
)
