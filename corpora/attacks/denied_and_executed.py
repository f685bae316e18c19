"""A gateway logs what policy says and enforces none of it: refused and held writes run."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("logonly-agent@example.com", "agent", may_write=True)
READER = Actor("logonly-reader@example.com", "agent")


def _play(ground: Ground) -> None:
    ground.lab.weaken("enforcement")
    ground.stage.call(READER, "notes", "append", {"text": "refused and written"}, conversation="log only")
    ground.stage.call(AGENT, "github", "merge_pull_request", {"number": 7}, conversation="log only")


ATTACK = Attack(
    story="a gateway logs what policy says and enforces none of it: refused and held writes run",
    risk="over-scoped-token",
    expect=(
        "denied_call_executed",
        "write_executed_before_approval",
        "scope_mismatch_refused",
    ),
    play=_play,
)
