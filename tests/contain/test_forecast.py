"""What a run is expected to take: its calls by the limits of each host, and the canaries' holding."""

from dataclasses import replace

import pytest

from mcpsoar.contain.forecast import CALL_S, Forecast, Road, Ways, expected
from mcpsoar.contain.plan import make
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import ROLES, CanaryBinding, Control
from mcpsoar.core.run import Baseline
from mcpsoar.kit.budget import Calls, Tier
from mcpsoar.pack import playbooks
from tests.conftest import ROOT

PLANE = Road("gateway.example.com")
CANARY = CanaryBinding("https://gateway.example.com/mcp/{server}", "ping", {}, None, hold_s=65.0, every_s=5.0)
FREE = Ways(dict.fromkeys(ROLES, PLANE), {}, {}, {}, look_s=2.0, threads=32)
WATCHED = replace(FREE, probes={"canary": PLANE}, canaries={"canary": CANARY})


def played(
    ways: Ways, servers: int = 1, direction: Direction = Direction.APPLY, *, is_dry: bool = False
) -> Forecast:
    names = tuple(f"server-{n}" for n in range(servers))
    playbook = playbooks.load(ROOT, "contain-server")
    plan = make(
        playbook,
        names,
        direction=direction,
        bindings={},
        canaries=ways.canaries,
        without=[spec.id for spec in playbook.steps if spec.optional],
    )
    return expected(plan, ways, is_dry=is_dry)


def limited(ways: Ways, calls: int, *, has_writes: bool = True) -> Ways:
    road = Road(PLANE.host, Tier("all", calls, has_writes=has_writes))
    return replace(ways, roads=dict.fromkeys(ROLES, road), probes=dict.fromkeys(ways.probes, road))


def test_without_a_limit_a_run_is_as_long_as_one_steps_calls() -> None:
    found = played(FREE)
    assert found.seconds == pytest.approx(3 * CALL_S)
    assert found.calls == {PLANE: 9}


def test_a_canary_holds_after_the_changes() -> None:
    found = played(WATCHED)
    assert found.holds_s == 65.0
    assert 65.0 < found.seconds < 67.0
    # one before, fifteen after: one at once, one each 5 s and what the calls take, one at the end
    assert 9 + 1 + 14 <= found.calls[PLANE] <= 9 + 1 + 15


def test_an_untouched_server_is_called_once_more() -> None:
    control = Control("jira", "ping", {}, None)
    with_one = replace(WATCHED, canaries={"canary": replace(CANARY, control=control)})
    assert played(with_one).calls[PLANE] == played(WATCHED).calls[PLANE] + 1


@pytest.mark.parametrize("limit", [60, 400, 450])
def test_a_hundred_servers_take_what_the_limit_makes_of_their_calls(limit: int) -> None:
    ways = replace(limited(FREE, limit), look_s=3600.0)
    found, tier = played(ways, 100), ways.roads["registry"].tier
    assert tier
    assert sum(found.calls.values()) == 100 * 6 + 3
    least_s = (603 - tier.burst) / tier.rate
    assert least_s <= found.seconds <= least_s * 1.05 + 1


def test_looks_that_would_begin_too_late_are_not_counted() -> None:
    assert sum(played(limited(FREE, 60), 100).calls.values()) < 100 * 6 + 3


def test_canaries_queue_as_everybody_does() -> None:
    ways = replace(WATCHED, probes={"canary": Road(PLANE.host, Tier("of MCP", 90, has_writes=False))})
    tier = ways.probes["canary"].tier
    assert tier
    alone, many = played(ways), played(ways, 100)
    assert alone.seconds == pytest.approx(played(WATCHED).seconds, abs=1)
    probes = many.calls[ways.probes["canary"]]
    assert 300 <= probes <= 420, "one before, and at least two after, for each"
    assert many.seconds >= (probes - tier.burst) / tier.rate


def test_a_dry_run_looks_and_calls_each_canary_once() -> None:
    found = played(WATCHED, 4, is_dry=True)
    assert found.calls == {PLANE: 4 + 4 + 1 + 4}
    assert found.holds_s == 0
    assert found.seconds < 1


def test_a_release_revokes_nothing_and_asks_each_canary_once() -> None:
    found = played(WATCHED, 4, Direction.UNDO)
    assert found.calls == {PLANE: 4 * 3 + 3 + 4}
    assert found.seconds < 2


def test_a_connector_says_what_a_step_costs() -> None:
    ways = replace(FREE, calls={"registry.disable": Calls(looks=2, writes=5, reads=3)})
    assert played(ways).calls[PLANE] == 10 + 6


def test_what_is_read_for_all_at_once_is_counted_once() -> None:
    ways = replace(FREE, calls={"registry.disable": Calls(looks=2, joint=True)}, threads=200)
    found = played(ways, 100)
    # two looks for all, and of the reads one for the first and one for those who asked meanwhile
    assert found.calls[PLANE] == 2 + 100 + 2 + 100 * 3 + 3
    assert found.seconds < 1


def test_reads_wait_while_writes_go_first() -> None:
    ways = replace(limited(FREE, 60), calls={"registry.disable": Calls(joint=True)}, look_s=3600.0)
    alone = replace(ways, calls={})
    assert played(ways, 50).seconds < played(alone, 50).seconds
    assert sum(played(ways, 50).calls.values()) < 50 * 4 + 3 + 50


def test_what_was_seen_says_how_many_writes_there_are() -> None:
    ways = replace(FREE, calls={"tokens.revoke": Calls(counted="ids")})
    was = Baseline(in_force=False, facts={"ids": ["one", "two", "three"]}, seen_at="")
    assert played(replace(ways, seen={"revoke:server-0": was})).calls[PLANE] == 9 + 2
    done = Baseline(in_force=True, facts={"ids": []}, seen_at="")
    assert played(replace(ways, seen={"revoke:server-0": done})).calls[PLANE] == 9 - 1, "nothing is sent"


def test_writes_that_take_long_are_made_one_after_the_other() -> None:
    ways = replace(FREE, calls={"registry.disable": Calls(joint=True, write_s=5.0)})
    assert 20 * 5.0 <= played(ways, 20).seconds < 20 * 5.0 + 1
    assert played(replace(ways, threads=200), 20).seconds >= 20 * 5.0
