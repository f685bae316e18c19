"""Calls without any token are let in."""

from corpora.attack import Attack
from corpora.ground import Ground


def _play(ground: Ground) -> None:
    ground.lab.weaken("principals")
    with ground.stage.bearing("", "crm") as client:
        for name in ("Kim", "Robin", "Sasha"):
            client.call("find_customer", {"name": name}, conversation="walk-in")


ATTACK = Attack(
    story="calls without any token are let in",
    risk="confused-deputy",
    expect=("anonymous_call_allowed",),
    play=_play,
)
