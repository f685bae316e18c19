"""A playbook made concrete: pure, so that the same words give the same digest before anything is sent."""

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Direction, Plan, Playbook, Step, StepSpec, Undo
from mcpsoar.kit import targets

CANARY = "canary.probe"


# ASCII, so that a name looks like what it is; no slash, no quote, nothing that a terminal obeys
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:@+-]{0,127}")
_BY_ID = "; where the control plane gives tools an id, that works: tool:ID@SERVER"


def servers(names: Iterable[str]) -> tuple[str, ...]:
    """Names as they were typed, each once, in order. Raises Usage: a name is data, and still no surprise."""
    found = tuple(dict.fromkeys(names))
    for name in found:
        if not _NAME.fullmatch(name):
            kind = targets.kind(name)
            raise Usage(
                f"{name!a} is no {kind.removesuffix(':') or 'server'} name: up to 128 letters, digits and "
                f". _ ~ : @ + -, beginning with a letter or digit{_BY_ID if kind == targets.TOOL else ''}",
                next_command="mcpsoar contain --help",
            )
    if not found:
        raise Usage("no server is named", next_command="mcpsoar contain SERVER")
    return found


def make(
    playbook: Playbook,
    names: tuple[str, ...],
    *,
    direction: Direction,
    bindings: Facts,
    canaries: Iterable[str],
    without: Collection[str] = (),
) -> Plan:
    """Steps for every server, shared ones once, and after them a canary per server and route (`canaries`).

    A canary proves that calls to a server are refused: what is no server has none, nor has a playbook of
    shared steps alone, which does not aim at that. A release runs the other way: what was last is undone
    first, and what is shared after all the rest, for it is lifted only when nothing else holds it. `without`
    are ids of optional steps that nothing here can do: they are left out, and nothing waits for them.
    Raises Usage for a name that is not of the sort that the playbook acts on.
    """
    if direction is Direction.APPLY:
        _check_targets(playbook, names)
    chosen = tuple(spec for spec in playbook.steps if spec.id not in without)
    specs = chosen if direction is Direction.APPLY else tuple(_reversed(chosen))
    steps = [
        Step(
            id=_id(spec, server),
            spec=spec.id,
            action=spec.action,
            role=spec.role,
            server=server,
            undo=spec.undo,
            after=tuple(
                place for other in specs if other.id in spec.after for place in _ids(other, server, names)
            ),
            when=tuple(
                place for other in specs if other.id == spec.when for place in _ids(other, server, names)
            ),
            verdicts=spec.verdicts,
            attempts=spec.attempts,
            retry_s=spec.retry_s,
            limit_s=spec.limit_s,
        )
        for spec in specs
        for server in ([None] if spec.shared else names)
        if server is None or targets.fits(spec.action, server)
    ]
    probes = [
        Step(
            id=f"{route}:{name}",
            spec=route,
            action=CANARY,
            role="canary",
            server=name,
            undo=Undo.NONE,
            after=tuple(step.id for step in steps if step.server in (None, name)),
        )
        for name in names
        for route in canaries
        if not targets.kind(name) and not all(spec.shared for spec in chosen)
    ]
    return Plan(playbook.name, playbook.digest, direction, names, (*steps, *probes), bindings)


def _check_targets(playbook: Playbook, names: tuple[str, ...]) -> None:
    for spec in playbook.steps:
        wrong = next((name for name in names if not targets.fits(spec.action, name)), None)
        if wrong is not None and not spec.shared:
            spelt = targets.SPELT[targets.OF.get(spec.action, "")]
            raise Usage(
                f"{wrong!a} is not what playbook {playbook.name} acts on: {spec.action} wants {spelt}",
                next_command=f"mcpsoar playbooks show {playbook.name}",
            )


def _reversed(specs: tuple[StepSpec, ...]) -> Iterable[StepSpec]:
    own = {spec.id for spec in specs if not spec.shared}
    for spec in reversed(specs):
        waited_by = {other.id for other in specs if spec.id in other.after}
        after = own | waited_by if spec.shared else {name for name in waited_by if name in own}
        # undone is what was done, on whatever condition
        yield replace(spec, after=tuple(sorted(after)), when=None, verdicts=())


def _ids(spec: StepSpec, server: str | None, names: tuple[str, ...]) -> list[str]:
    """The steps of `spec` that a step for `server` waits for: its own, or everybody's if it is shared."""
    if spec.shared:
        return [_id(spec, None)]
    own = names if server is None else (server,)
    return [_id(spec, name) for name in own if targets.fits(spec.action, name)]


def _id(spec: StepSpec, server: str | None) -> str:
    return spec.id if server is None else f"{spec.id}:{server}"
