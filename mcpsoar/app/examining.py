"""Every role with every credential, tried by reads: what it rests on, and what it cannot do."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from mcpsoar.app.checkup import Check, State
from mcpsoar.app.station import connected
from mcpsoar.core.errors import Denied, Trouble, UnknownTarget, Usage
from mcpsoar.core.plan import Step, Undo
from mcpsoar.core.ports import Clock, Connector
from mcpsoar.core.profile import Binding, Profile
from mcpsoar.kit.crew import Crew, wait_for
from mcpsoar.kit.targets import OF, PRINCIPAL, TOOL

if TYPE_CHECKING:
    from concurrent.futures import Future

NOBODY = "mcpsoar-doctor"  # a server that no registry has
WAIT_S = 30.0  # for all trials, which run side by side; each call has its connector's own time
_THREADS = 8
_Trials: TypeAlias = tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Ability:
    """What a role's connector says of itself, asking nobody; `problem` is why there is none."""

    actions: frozenset[str] = frozenset()
    lacks: tuple[str, ...] = ()
    propagation_s: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """`server` is a real one to look at, None where none is named; `shared` actions are about no server."""

    profile: Profile
    server: str | None
    shared: Collection[str]
    clock: Clock


def abilities(profile: Profile, clock: Clock) -> dict[str, Ability]:
    """By role."""
    found: dict[str, Ability] = {}
    for roles in _together(profile):
        try:
            connector = connected(profile.roles[roles[0]], clock)
        except Usage as trouble:
            ability = Ability(problem=str(trouble))
        else:
            lacks, propagation_s = getattr(connector, "lacks", ()), getattr(connector, "propagation_s", 0.0)
            ability = Ability(connector.actions, tuple(lacks), float(propagation_s))
            connector.close()
        found |= dict.fromkeys(roles, ability)
    return found


def examined(asked: Asked) -> Iterator[Check]:
    """What each role can do by each of its credentials, in order."""
    crew = Crew(_THREADS, "mcpsoar-doctor")
    until = asked.clock.monotonic() + WAIT_S
    try:
        bound = {roles: asked.profile.roles[roles[0]] for roles in _together(asked.profile)}
        tasks: list[tuple[str, Future[_Trials]]] = []
        for roles, binding in bound.items():
            for label, alone in _alone(binding):
                task = crew.submit(partial(_tried, asked, roles, alone, label))
                tasks.append((f"{', '.join(roles)}: {binding.connector}{label}", task))
        for label, task in tasks:
            if wait_for(task, until - asked.clock.monotonic()):
                yield from task.result()
            else:
                yield Check(label.partition(":")[0], State.UNKNOWN, f"{label}: no answer within {WAIT_S:g} s")
    finally:
        crew.close()


def protected(asked: Asked) -> Iterator[Check]:
    """Whether the registry knows who is protected: a name that is mistyped protects nobody."""
    binding = asked.profile.roles.get("registry")
    if binding is None or not asked.profile.protected:
        return
    crew = Crew(1, "mcpsoar-doctor")
    connector = connected(binding, asked.clock)
    try:
        for name in asked.profile.protected:
            step = _step("registry.disable", name)
            task = crew.submit(partial(connector.baseline, step))
            if not wait_for(task, WAIT_S):
                yield Check("protected", State.UNKNOWN, f"{name}: no answer within {WAIT_S:g} s")
            elif isinstance(error := task.exception(), UnknownTarget):
                yield Check(
                    "protected", State.BROKEN, f"the registry knows no {name}: is it mistyped? {error}"
                )
            elif isinstance(error, Trouble):
                yield Check("protected", State.UNKNOWN, f"{name}: {error}")
            else:
                task.result()
                yield Check("protected", State.OK, f"{name} is known to the registry")
    finally:
        crew.close()
        connector.close()


def _together(profile: Profile) -> list[tuple[str, ...]]:
    """Roles that are bound alike share a connector."""
    found: list[tuple[str, ...]] = []
    for role, binding in profile.roles.items():
        at = next((n for n, roles in enumerate(found) if profile.roles[roles[0]] == binding), None)
        if at is None:
            found.append((role,))
        else:
            found[at] = (*found[at], role)
    return found


def _alone(binding: Binding) -> Iterator[tuple[str, Binding]]:
    """The same binding with one credential at a time."""
    tokens = binding.tokens
    for number, token in enumerate(tokens, 1):
        label = f", credential {number} of {len(tokens)}" if len(tokens) > 1 else ""
        yield label, replace(binding, token=token, spares=())
    if not tokens:
        yield "", binding


def _tried(asked: Asked, roles: tuple[str, ...], binding: Binding, label: str) -> _Trials:
    try:
        connector = connected(binding, asked.clock)
    except Usage as trouble:
        return (Check(", ".join(roles), State.BROKEN, f"{binding.connector}{label}: {trouble}"),)
    try:
        return tuple(_by_actions(asked, roles, connector, label))
    finally:
        connector.close()


def _by_actions(asked: Asked, roles: tuple[str, ...], connector: Connector, label: str) -> Iterator[Check]:
    is_taken = False
    for action in sorted(connector.actions, key=lambda one: _place(one, roles)):
        role = action.partition(".")[0]
        if role not in roles:
            continue
        check, is_refused = _read(asked, connector, action, label)
        yield check
        is_taken = is_taken or check.state is State.OK
        if is_refused and not is_taken:
            # some gateways lock out after a few refusals: one is enough to know
            yield Check(
                role, State.UNKNOWN, f"{label.removeprefix(', ') or 'the rest'}: not tried any further"
            )
            return


def _place(action: str, roles: tuple[str, ...]) -> tuple[int, str]:
    role = action.partition(".")[0]
    return (roles.index(role) if role in roles else len(roles), action)


def _read(asked: Asked, connector: Connector, action: str, label: str) -> tuple[Check, bool]:
    """What was seen, and whether the credential was refused."""
    role, name = action.partition(".")[0], f"{action}{label}"
    try:
        return Check(role, State.OK, f"{name}: {_seen(asked, connector, action)}"), False
    except UnknownTarget as trouble:
        if NOBODY in (_about(asked, action) or ""):
            return Check(role, State.OK, f"{name}: answers, and knows no {NOBODY}"), False
        return Check(role, State.BROKEN, f"{name}: {trouble}"), False
    except (Denied, Usage) as trouble:
        return Check(role, State.BROKEN, f"{name}: {trouble}"), isinstance(trouble, Denied)
    except Trouble as trouble:
        return Check(role, State.UNKNOWN, f"{name}: {trouble}"), False


def _seen(asked: Asked, connector: Connector, action: str) -> str:
    survey = getattr(connector, "survey", None)
    words = survey(action) if survey is not None else None
    if words is not None and asked.server is None:
        return str(words)
    about = _about(asked, action)
    was = connector.baseline(_step(action, about))
    if NOBODY in (about or ""):
        return "answers"
    in_force = f"{'is' if was.in_force else 'not'} in force{f' for {about}' if about else ''}"
    return f"{words}; {in_force}" if words else in_force


def _about(asked: Asked, action: str) -> str | None:
    """What an action is tried on: as far as it is no server, nothing that is there."""
    server = asked.server or NOBODY
    named = {TOOL: f"{TOOL}{NOBODY}@{server}", PRINCIPAL: f"{PRINCIPAL}{NOBODY}"}
    return None if action in asked.shared else named.get(OF.get(action, ""), server)


def _step(action: str, server: str | None) -> Step:
    return Step("doctor", "doctor", action, action.partition(".")[0], server, Undo.NONE, ())
