"""An action on one object: its state looked at, switched, and switched back."""

import json
from dataclasses import dataclass

from mcpsoar.connectors.in_http import condition
from mcpsoar.connectors.in_http.caller import Caller
from mcpsoar.connectors.in_http.condition import Answer
from mcpsoar.connectors.in_http.pointer import written
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Malformed, Unsupported
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import targets
from mcpsoar.kit.http import Edge
from mcpsoar.kit.plain import shown
from mcpsoar.kit.rooms import Room
from mcpsoar.kit.touched import named, touched

_WORDS = 80


@dataclass(frozen=True, slots=True)
class _State:
    in_force: bool
    facts: Facts
    words: str


class Single(Room):
    """Without a look nothing is proven; without an undo nothing that was changed goes back by itself."""

    def __init__(self, edge: Edge, clock: Clock, caller: Caller) -> None:
        super().__init__(edge, clock)
        self._caller = caller

    @property
    def lacks(self) -> tuple[str, ...]:
        return self._caller.lacks

    @property
    def marks(self) -> tuple[str, ...]:
        look = self._caller.said.look
        return tuple(written(place) for place in look.marks) if look else ()

    def identity(self, server: str) -> str:
        return self._caller.called(server)

    def baseline(self, step: Step) -> Baseline:
        state = self._state(step)
        is_tool = targets.kind(step.server or "") == targets.TOOL
        tools = {"tools": named([targets.tool(step)[0]])} if is_tool else {}
        return Baseline(state.in_force, state.facts, self._now(), touched(step.role, **tools))

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        fill = self._caller.fill(step)
        return Effect(self._caller.change(self._caller.said.do, fill, key) or {}, self._now())

    def look(self, step: Step) -> Observation:
        return self._seen(step, wanted=True)

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:
        undo = self._caller.said.undo
        if undo is None:
            raise Unsupported(
                f"the profile describes no undo for {step.action}: undo it by hand", where=self._caller.place
            )
        fill, before = self._caller.fill(step), self._before(was)
        return Effect(self._caller.change(undo, fill, key, before) or {}, self._now())

    def look_back(self, step: Step, was: Baseline | None) -> Observation:
        if was is not None and was.in_force:
            return self._seen(step, wanted=True)
        return self._seen(step, wanted=False, before=self._before(was))

    def _before(self, was: Baseline | None) -> Facts:
        """What is put back. Raises Unsupported where it is not known, or not whole."""
        places = [written(place) for place in self._caller.said.put_back]
        known = was.facts if was is not None else {}
        lost = [place for place in places if place not in known or not condition.is_whole(known[place])]
        if lost:
            raise Unsupported(f"what {' and '.join(lost)} was before is not known here: put it back by hand")
        return {place: known[place] for place in places}

    def _state(self, step: Step) -> _State:
        """Raises Malformed where the answer meets neither or both of the conditions."""
        look, fill = self._caller.look, self._caller.fill(step)
        body = self._caller.seen(fill)
        answer = Answer(body, 200)
        is_on = look.in_force is not None and look.in_force.met(answer, fill) is True
        is_off = look.not_in_force.met(answer, fill) is True
        if is_on is is_off:
            words = f"the answer meets {'both' if is_on else 'neither'} of in_force and not_in_force"
            raise Malformed(words, where=self._where)
        places = condition.pointers(look.in_force, look.not_in_force)
        told = ", ".join(f"{place}: {_word(value)}" for place, value in condition.kept(body, places).items())
        return _State(is_on, condition.kept(body, look.places), told)

    def _seen(self, step: Step, *, wanted: bool, before: Facts | None = None) -> Observation:
        """`before` has values that must be there again."""
        state = self._state(step)
        other = [
            place
            for place, value in (before or {}).items()
            if place not in state.facts or not condition.same(state.facts[place], value)
        ]
        words = (
            f"{step.action} is {'' if state.in_force else 'not '}in force, by {self._where}: {state.words}"
        )
        words += f"; {' and '.join(other)} not as before" if other else ""
        verdict = Verdict.YES if state.in_force is wanted and not other else Verdict.NO
        return Observation(verdict, words, state.facts, self._now())


def _word(value: object) -> str:
    text = shown(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _WORDS else f"{text[:_WORDS]}…"
