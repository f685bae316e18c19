"""A week on, a client that nobody saw calls a server that nobody has listed for days."""

from corpora.attack import Attack
from corpora.ground import Ground
from corpora.real import TIME
from mcpsoar.lab.stage import Actor

REGULAR = Actor("regular-agent@example.com", "agent")
STRANGER = Actor("stranger-agent@example.com", "agent")


def _play(ground: Ground) -> None:
    for _ in range(3):  # a new client is only told from a history of some days
        with ground.stage.fresh(REGULAR, "time") as client:
            client.list_tools()
            client.call("get_current_time", {"timezone": "UTC"}, conversation="as usual")
        ground.clock.advance(86400)
    ground.clock.advance(8 * 86400)
    with ground.stage.fresh(STRANGER, "time") as client:
        client.call("get_current_time", {"timezone": "Asia/Tokyo"}, conversation="never seen")


ATTACK = Attack(
    story="a week on, a client that nobody saw calls a server that nobody has listed for days",
    risk="shadow-server",
    expect=(
        "first_seen_client_on_server",
        "server_called_but_never_listed",
    ),
    play=_play,
    servers=(TIME,),  # no other attack calls it: in one scan of all, days without a listing stay that
)
