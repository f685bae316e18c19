"""A profile brought to life: connectors by role, the canary, and where journals live."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from mcpsoar.app import meaning
from mcpsoar.app.budgets import budgeted
from mcpsoar.app.profiles import CONNECTORS
from mcpsoar.contain.home import Home
from mcpsoar.contain.looks import Looks
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.core.ports import Canary, Clock, Connector
from mcpsoar.core.profile import CANARY, Binding, CanaryBinding, Profile
from mcpsoar.core.secret import Secret
from mcpsoar.kit import find
from mcpsoar.kit.quick import load_wire


@dataclass(frozen=True, slots=True)
class Station:
    home: Home
    profile: Profile
    roles: Mapping[str, Connector]
    canaries: Mapping[str, Canary]
    clock: Clock
    say: Callable[[str], None]
    looks: Looks
    secrets: tuple[Secret, ...] = field(default=(), repr=False)
    complete: Callable[[str], str] = str  # makes a command find this home and control plane again

    def bindings(self) -> Facts:
        """What a plan says of the profile: names, addresses, digests of what options mean; no secret."""
        bound: dict[str, dict[str, object]] = {
            role: {"connector": binding.connector, "url": binding.base_url}
            for role, binding in self.profile.roles.items()
        }
        if (canary := self.profile.canary) is not None:
            bound["canary"] = {
                "url": canary.url,
                "tool": canary.tool,
                "hold_s": canary.hold_s,
                "every_s": canary.every_s,
                "control": canary.control.server if canary.control else None,
            }
            bound["canary"] |= {"routes": routes} if (routes := _routes(self.profile)) else {}
        return bound | ({meaning.KEY: said} if (said := meaning.options(self.profile)) else {})


@contextmanager
def station(
    profile: Profile,
    home: Home,
    clock: Clock,
    say: Callable[[str], None],
    complete: Callable[[str], str] = str,
) -> Iterator[Station]:
    """Connect each binding once, and give everything back. Sends nothing. Raises Usage."""
    _check_trust(profile)
    profile = budgeted(profile, clock=clock, tell=say)
    with ExitStack() as stack:
        made: list[tuple[Binding, Connector]] = []
        roles: dict[str, Connector] = {}
        for role, binding in profile.roles.items():
            known = next((connector for other, connector in made if other == binding), None)
            if known is None:
                known = connected(binding, clock)
                stack.callback(known.close)
                made.append((binding, known))
            roles[role] = known
        profile = _holding(profile, roles)
        canaries = {route: _canary(bound, clock) for route, bound in profile.canaries.items()}
        for canary in canaries.values():
            stack.callback(canary.close)
        tokens: list[Secret | None] = [one for bound in profile.roles.values() for one in bound.secrets]
        tokens += [one for connector in roles.values() for one in getattr(connector, "secrets", ())]
        tokens += [token for bound in profile.canaries.values() for token in bound.tokens]
        secrets = {token.reveal(): token for token in tokens if token is not None}
        if roles:
            load_wire()  # once and first: several looks would wait for each other's import
        looks = Looks(roles, clock=clock, budget_s=profile.look_s, threads=profile.threads)
        stack.callback(looks.close)
        yield Station(home, profile, roles, canaries, clock, say, looks, tuple(secrets.values()), complete)


def _check_trust(profile: Profile) -> None:
    """Raises Usage for a named authority or certificate that cannot be used: no step would get an answer."""
    networks = [bound.network for bound in profile.roles.values()]
    networks += [bound.network for bound in profile.canaries.values()]
    named = {(one.ca, one.certificate, one.key): one for one in networks}
    if any(ca or certificate for ca, certificate, _ in named):
        from mcpsoar.kit.transport import trust

        for network in named.values():
            trust(network)


def _routes(profile: Profile) -> Facts:
    return {name: {"url": bound.url, "tool": bound.tool} for name, bound in profile.routes.items()}


def _holding(profile: Profile, roles: Mapping[str, Connector]) -> Profile:
    """Canaries that hold for as long as a control plane says its data plane may go on at least."""
    least_s = max((getattr(one, "propagation_s", 0.0) for one in roles.values()), default=0.0)
    held = {
        name: replace(bound, hold_s=max(bound.hold_s, least_s)) for name, bound in profile.canaries.items()
    }
    return replace(profile, canary=held.pop(CANARY, None), routes=held)


def _canary(binding: CanaryBinding, clock: Clock) -> Canary:
    from mcpsoar.contain.canary import McpCanary

    return McpCanary(binding, clock=clock)


def connected(binding: Binding, clock: Clock) -> Connector:
    """A connector that has sent nothing yet. Raises Usage."""
    module = find.load(CONNECTORS, binding.connector)
    connect = getattr(module, "connect", None)
    if connect is None:
        raise Usage(f"connector {binding.connector!r} has no connect(binding, clock=…)")
    connector: Connector = connect(binding, clock=clock)
    return connector
