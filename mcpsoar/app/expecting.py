"""The time that a run is expected to take, in words: before it begins, and once more after the looks."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from mcpsoar.app.budgets import host
from mcpsoar.app.station import Station
from mcpsoar.contain.forecast import Forecast, Road, Ways, expected
from mcpsoar.core.plan import Direction, Plan
from mcpsoar.core.ports import Connector
from mcpsoar.core.profile import Network, Profile
from mcpsoar.core.run import Baseline
from mcpsoar.kit.budget import Calls, budget_of

_MINUTE_S = 120.0  # shorter times are told in seconds


def tell(plan: Plan, ready: Station, *, is_dry: bool) -> None:
    """Say what is expected, and again what is expected now, if that is another time or number of calls."""
    before = words(plan, ready.profile, ready.roles, is_dry=is_dry)
    ready.say(f"  expected: {before}")

    def hear(seen: Mapping[str, Baseline]) -> None:
        now = words(plan, ready.profile, ready.roles, is_dry=is_dry, seen=seen)
        if now != before:
            ready.say(f"  expected now: {now}")

    if plan.direction is Direction.APPLY and not is_dry:
        ready.looks.then(hear)


def words(
    plan: Plan,
    profile: Profile,
    roles: Mapping[str, Connector],
    *,
    is_dry: bool,
    seen: Mapping[str, Baseline] | None = None,
) -> str:
    """One line: about 70 s (12 calls to gateway.example.com at 400 a minute, a canary holds 65 s).

    `profile` is one whose networks have their budgets, `roles` are its connectors, `seen` is by step.
    """
    ways = replace(_ways(profile, roles), seen=seen or {})
    found = expected(plan, ways, is_dry=is_dry)
    parts = [
        f"{calls} {'call' if calls == 1 else 'calls'} to {road.host}"
        + (f" at {road.tier.calls} a minute" if road.tier else "")
        for road, calls in found.calls.items()
    ]
    parts += [f"a canary holds {found.holds_s:g} s"] if found.holds_s else []
    used = dict.fromkeys(step.action for step in plan.steps if step.id not in ways.seen)
    more = [ways.calls[action].each for action in used if action in ways.calls and ways.calls[action].each]
    also = f"; and a call for each {', for each '.join(more)}" if more and not is_dry else ""
    return f"{_time(found)} ({', '.join(parts) or 'no call'}){also}"


def _time(found: Forecast) -> str:
    if found.seconds < 1:
        return "a moment"
    if found.seconds >= _MINUTE_S:
        minutes, seconds = divmod(round(found.seconds, -1), 60)
        return f"about {minutes:.0f} min" + (f" {seconds:.0f} s" if seconds else "")
    return f"about {round(found.seconds, -1 if found.seconds >= 20 else None):.0f} s"


def _ways(profile: Profile, roles: Mapping[str, Connector]) -> Ways:
    calls: dict[str, Calls] = {}
    for connector in roles.values():
        calls |= getattr(connector, "calls", {})
    return Ways(
        {role: _road(bound.base_url, bound.network) for role, bound in profile.roles.items()},
        calls,
        {route: _road(bound.url, bound.network) for route, bound in profile.canaries.items()},
        profile.canaries,
        profile.look_s,
        profile.threads,
    )


def _road(url: str, network: Network) -> Road:
    budget = budget_of(network)
    return Road(host(url), budget.tier(urlsplit(url).path) if budget else None)
