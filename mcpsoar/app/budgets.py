"""One call budget for each host of a profile: as its connectors declare it, or as the profile says."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from mcpsoar.app.profiles import CONNECTORS
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import CANARY, Binding, Profile
from mcpsoar.kit import find
from mcpsoar.kit.budget import Budget, Tier, metered

_ALL = "all calls"
_PORTS = {"http": 80, "https": 443}


def budgeted(profile: Profile, *, clock: Clock, tell: Callable[[str], None]) -> Profile:
    """The same profile; all that it calls at one host passes one budget. Raises Usage.

    `calls_per_minute` of a role goes for its calls, that of the canary for what the canary's path counts as;
    else a connector's module may say TIERS, by path below its address. A host without either has no limit.
    """
    budgets: dict[str, Budget] = {}

    def of(url: str) -> Budget:
        name = host(url)
        if name not in budgets:
            budgets[name] = Budget(name, tiers(profile, name), clock=clock, tell=tell)
        return budgets[name]

    canaries = {
        name: replace(bound, network=metered(bound.network, of(bound.url)))
        for name, bound in profile.canaries.items()
    }
    roles = {
        role: replace(bound, network=metered(bound.network, of(bound.base_url)))
        for role, bound in profile.roles.items()
    }
    return replace(profile, roles=roles, canary=canaries.pop(CANARY, None), routes=canaries)


def host(url: str) -> str:
    """Its name, with the port where that is not the usual one: one way of writing for each."""
    parts = urlsplit(url)
    return str(parts.hostname) + ("" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}")


def tiers(profile: Profile, name: str) -> tuple[Tier, ...]:
    """What counts at this host: the declared tiers with the profile's own numbers in them."""
    roles = [bound for bound in profile.roles.values() if host(bound.base_url) == name]
    found = {tier.name: tier for bound in roles for tier in _declared(bound)}
    asked = [(urlsplit(bound.base_url).path, bound.calls_per_minute) for bound in roles]
    if profile.canary and host(profile.canary.url) == name:
        asked.append((urlsplit(profile.canary.url).path, profile.canary.calls_per_minute))
    said: dict[str, int] = {}
    for path, calls in asked:
        if calls is not None:
            key = max(found, key=lambda one: found[one].fit(path), default=_ALL)
            said[key] = min(calls, said.get(key, calls))
    for key, calls in said.items():
        found[key] = replace(found.get(key, Tier(key, calls, has_writes=bool(roles))), calls=calls)
    return tuple(found.values())


def _declared(bound: Binding) -> Iterator[Tier]:
    below = urlsplit(bound.base_url).path
    for tier in getattr(find.load(CONNECTORS, bound.connector), "TIERS", ()):
        prefixes = tuple(below + prefix for prefix in tier.prefixes)
        yield replace(tier, name=f"{tier.name} {below}".strip(), prefixes=prefixes)
