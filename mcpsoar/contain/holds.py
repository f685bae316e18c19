"""Tools that several need off: a freeze, a quarantine, their server's entry. No undo of one undoes another.

Where a control plane does all three by the same switches, `tool_id` in a baseline is the switch of one tool,
`tools_off` lists those that were off before an entry was (`tools_on` those that were on though it was off),
and `open` those that a freeze found on. What a run notes is how it would be without us; what it goes back to
is that, less what others of this home still need.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mcpsoar.contain.commons import Commons, Known, unreleased
from mcpsoar.contain.home import Home
from mcpsoar.contain.ledger import Ledger, StepState
from mcpsoar.core.digest import Facts
from mcpsoar.core.run import Baseline
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.targets import ENTRY_ID, TOOL_ID

TOOL, GATEWAY, OFF, ON, OPEN = TOOL_ID, ENTRY_ID, "tools_off", "tools_on", "open"
_GONE = "let_go"
_ROLE = "registry"


@dataclass(frozen=True, slots=True)
class Hold:
    """A quarantine that stands. `was_on`: the tool was on before, without us; False also where nobody saw."""

    run: str
    target: str
    tool: str
    was_on: bool

    @property
    def words(self) -> str:
        return f"{self.target} by {self.run}"

    @property
    def mark(self) -> str:
        return f"{self.run} {self.target}"


class Holds:
    """What runs of this home hold on one registry, beside the run of `ledger`. Reads journals, when asked."""

    def __init__(self, home: Home, ledger: Ledger, commons: Commons | None) -> None:
        self._home = home
        self._ledger = ledger
        self._commons = commons
        self._known: Known = {}

    def without_ours(self, was: Baseline | None, target: str | None) -> Baseline | None:
        """What was seen before a change, as it would be without what we have off; what is released together
        with `target` is no other's.
        """
        if was is None or not (was.facts.get(OFF) or (was.in_force and TOOL in was.facts)):
            return was
        ours = {
            *self._frozen(),
            *(hold.tool for hold in self._standing() if hold.was_on and hold.target != target),
        }
        if OFF in was.facts:
            left = [one for one in was.facts[OFF] if one not in ours]
            return replace(was, facts={**was.facts, OFF: left})
        is_ours = was.facts[TOOL] in ours or self._is_off_with_ours(was.facts)
        return replace(was, in_force=False) if is_ours else was

    def kept(self, was: Baseline | None) -> Baseline | None:
        """What the undo of an entry goes back to: with it come no tools on that stand in quarantine."""
        if was is None or self._ledger.is_dry:
            return was
        gateway = was.facts.get(GATEWAY)
        held = {hold.tool for hold in self._standing(gateway)}
        off = sorted({*was.facts.get(OFF, ()), *held})
        facts = {**was.facts, **({OFF: off} if off else {})}
        if ON in facts:
            facts[ON] = [one for one in facts[ON] if one not in held]
        return replace(was, facts=facts)

    def switched(self, step: str, was: Baseline) -> list[Baseline]:
        """Every tool that the runs to be released switched off by this step, as it was before: several where
        its name went from one to another between these runs. `was` alone where no tool is known.
        """
        found: dict[str, Baseline] = {}
        releasing = {run for run, _ in self._ledger.releases}
        for one in unreleased(self._home, without=self._ledger.run, known=self._known):
            state = one.ledger.steps.get(step) if one.ledger is not None and one.run in releasing else None
            if state is None or not state.may_have_acted:
                continue
            if isinstance(tool := _facts(state).get(TOOL), str):
                before = was if tool == was.facts.get(TOOL) else state.baseline
                # where nobody looked, a person knows that it was on
                found.setdefault(tool, before or replace(was, facts=_facts(state)))
        return list(found.values()) or [was]

    def needed_by(self, facts: Facts) -> tuple[str, ...]:
        """Who else needs a tool off, in words."""
        others = [f"in quarantine, {one.words}" for one in self._standing() if one.tool == facts.get(TOOL)]
        may_write = not facts.get("is_read_only") or facts.get(TOOL) in self._frozen()
        frozen = self._freezers() if may_write else []
        return (*others, *(f"frozen, by {one}" for one in frozen))

    def let_go(self, was: Baseline, facts: Facts) -> None:
        """A tool that is needed off by others is no longer by its quarantine: the last of them has it on."""
        if self._commons is None or was.in_force:
            return
        own = [f"{run} {name}" for run, name in self._ledger.releases]
        self._commons.remember({OPEN: [facts[TOOL]], _GONE: own})

    def thawed(self, before: Facts) -> tuple[Facts, tuple[Hold, ...]]:
        """How a lift leaves things, and the quarantines that keep tools off."""
        gone = set(before.get(_GONE, ()))
        opened = set(before.get(OPEN, ()))
        held = [hold for hold in self._standing() if hold.tool in opened and hold.mark not in gone]
        left = sorted(opened - {hold.tool for hold in held})
        return ({**before, OPEN: left} if OPEN in before else before), tuple(held)

    def _frozen(self) -> set[str]:
        return set(self._commons.before().get(OPEN, ())) if self._commons is not None else set()

    def _freezers(self) -> list[str]:
        if self._commons is None or not self._commons.forced_by_others()[0]:
            return []
        return self._commons.needed_by(set(self._ledger.releases))

    def _standing(self, gateway: str | None = None) -> list[Hold]:
        """Of one entry, or all; but for those that this run releases."""
        return [
            hold
            for run, server, state in self._others()
            if (hold := _hold(run, server, state)) is not None
            and gateway in (None, _facts(state).get(GATEWAY))
        ]

    def _is_off_with_ours(self, facts: Facts) -> bool:
        """Whether a tool is off with an entry that a run of ours switched off, and was on before."""
        if facts.get("is_gateway_on", True):
            return False
        return any(
            state.baseline is not None
            and not state.baseline.in_force
            and _is_in_force(state)
            and OFF in state.baseline.facts
            and state.baseline.facts.get(GATEWAY) == facts.get(GATEWAY)
            and _was_on(state.baseline.facts, facts[TOOL])
            for _, _, state in self._others()
        )

    def _others(self) -> Iterable[tuple[str, str, StepState]]:
        """Steps on this registry that stand, with their runs and servers."""
        releasing = set(self._ledger.releases)
        for one in unreleased(self._home, without=self._ledger.run, known=self._known):
            if one.ledger is None or one.ledger.bindings.get(_ROLE) != self._ledger.bindings.get(_ROLE):
                continue
            for state in one.ledger.steps.values():
                name = state.step.server
                if state.step.role == _ROLE and name in one.servers and (one.run, name) not in releasing:
                    yield one.run, name, state


def _hold(run: str, target: str, state: StepState) -> Hold | None:
    tool = _facts(state).get(TOOL)
    if not isinstance(tool, str) or not _is_in_force(state):
        return None
    was = state.baseline
    return Hold(run, target, tool, was_on=was is not None and not was.in_force)


def _was_on(entry: Facts, tool: str) -> bool:
    return tool in entry[ON] if ON in entry else tool not in entry[OFF]


def _is_in_force(state: StepState) -> bool:
    """Whether the step was carried out, or may have been."""
    return state.may_have_acted or (state.verdict is not None and state.verdict.verdict is Verdict.YES)


def _facts(state: StepState) -> Facts:
    """What is known of a step's target, from before the change or else from it."""
    seen = state.seen.facts if state.seen is not None else {}
    return {**seen, **(state.effect or {}), **(state.baseline.facts if state.baseline else {})}
