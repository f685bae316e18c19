"""Evasion: a token that names three audiences writes, and no audience check can object."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("many-doors-agent@example.com", "agent", may_write=True)


def _play(ground: Ground) -> None:
    ground.lab.observe("jira")
    token = ground.stage.token(AGENT, ("crm", "github", "jira"), kind="jwt")
    with ground.stage.bearing(token, "jira") as client:
        client.call("add_comment", {"key": "OPS-3", "text": "by the way"}, conversation="many doors")


ATTACK = Attack(
    story="evasion: a token that names three audiences writes, and no audience check can object",
    risk="confused-deputy",
    expect=("write_with_multi_audience_token",),
    play=_play,
)
