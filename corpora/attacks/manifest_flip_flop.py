"""A server shows its good manifest, a poisoned one and the good one again within an hour."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("issue-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    client = ground.stage.client(AGENT, "github")
    client.list_tools()
    ground.clock.advance(600)
    ground.lab.rug_pull("github")
    client.list_tools()
    ground.clock.advance(600)
    ground.lab.restore_manifest("github")
    client.list_tools()
    ground.stage.call(AGENT, "github", "list_issues", {}, conversation="issues of the day")


ATTACK = Attack(
    story="a server shows its good manifest, a poisoned one and the good one again within an hour",
    risk="tool-poisoning",
    expect=(
        "manifest_flip_flop",
        "manifest_drift_outside_window",
    ),
    play=_play,
)
