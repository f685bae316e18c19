"""The output stage stops looking in the middle of the day."""

from corpora.attack import Attack
from corpora.ground import Ground
from mcpsoar.lab.stage import Actor

AGENT = Actor("guide-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    page = {"url": "https://docs.example.com/guide"}
    for number in range(62):
        if number == 52:
            ground.lab.weaken("scanning")
        ground.stage.call(AGENT, "web", "fetch_page", page, conversation=f"guide {number // 20}")
        ground.clock.advance(9)


ATTACK = Attack(
    story="the output stage stops looking in the middle of the day",
    risk="data-leak",
    expect=(
        "outputs_not_classified",
        "open_world_output_not_scanned",
    ),
    play=_play,
)
