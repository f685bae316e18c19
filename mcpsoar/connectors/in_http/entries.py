"""An action on entries of a list: found, changed together or one by one, and listed again."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from mcpsoar.connectors.in_http.caller import Caller
from mcpsoar.connectors.in_http.condition import Answer, Condition
from mcpsoar.connectors.in_http.pointer import NOTHING, found, written
from mcpsoar.connectors.in_http.said import List, Look
from mcpsoar.connectors.in_http.template import ITEM, Fill
from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Denied, Malformed, Unsupported, Usage
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Exposure, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import shape
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.each import each
from mcpsoar.kit.http import Edge
from mcpsoar.kit.plain import shown
from mcpsoar.kit.rooms import Room
from mcpsoar.kit.stops import ENTRY, KEY, stopped_by
from mcpsoar.kit.touched import touched

_IDS = 1000  # kept in a journal; a longer list is counted, not copied
_LONG = 500


@dataclass(frozen=True, slots=True)
class _Entry:
    """One that the server has and that is not done with. `stays`: why nothing is sent for it."""

    id: str
    ends: str | None
    stays: str = ""


class Entries(Room):
    """Remembers, per step, which entries were to go: only so can half of it be told from none."""

    has_way_back = False

    def __init__(self, edge: Edge, clock: Clock, caller: Caller, of: List) -> None:
        super().__init__(edge, clock)
        self._caller = caller
        self._list = of
        self._are_tokens = caller.said.action.startswith("tokens.")
        self._nouns = ("token", "tokens") if self._are_tokens else ("entry", "entries")
        self._before: dict[str, frozenset[str]] = {}
        self._late: set[str] = set()

    @property
    def lacks(self) -> tuple[str, ...]:
        return self._caller.lacks

    def identity(self, server: str) -> str:
        return self._caller.called(server)

    def baseline(self, step: Step) -> Baseline:
        entries = self._entries(step)
        left = [one.id for one in entries if not one.stays]
        facts = {"left": len(left), "staying": len(entries) - len(left), "ids": left[:_IDS]}
        known = {"tokens": len(left)} if step.role == "tokens" else {}
        return Baseline(not left, facts, self._now(), touched(step.role, **known))

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:
        if was is not None:
            self._before[step.id] = frozenset(was.facts.get("ids", ()))
        if self._caller.said.is_each:
            return self._each(step, key)
        fill = self._caller.fill(step)
        return Effect(self._caller.change(self._caller.said.do, fill, key) or {}, self._now())

    def look(self, step: Step) -> Observation:
        entries = self._entries(step)
        left = frozenset(one.id for one in entries if not one.stays)
        before = self._before.get(step.id)
        since = None if before is None else len(left - before)
        many = f"{len(left) or 'no'} {self._nouns[len(left) > 1]} for {step.server or 'all'}"
        words = f"{many} {'are' if len(left) > 1 else 'is'} left"
        words += f", {since} of them new" if since else ""
        if staying := len(entries) - len(left):
            words += f"; {staying} {'stay' if staying > 1 else 'stays'} good"
        exposures = tuple(
            Exposure(
                f"{self._nouns[0]} {shown(one.id)} for {step.server or 'all'}"
                + (f", {one.stays}" if one.stays else ""),
                one.ends,
            )
            for one in entries
        )
        return Observation(
            Verdict.NO if left else Verdict.YES,
            words,
            {"left": sorted(left)[:_IDS], "staying": staying, "new": since},
            self._now(),
            exposures,
            is_partial=bool(left and before and before - left),
        )

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's)
        raise Unsupported(f"what {step.action} did does not come back: let the clients fetch new ones")

    def look_back(self, step: Step, was: Baseline | None) -> Observation:  # noqa: ARG002
        raise Unsupported(f"what {step.action} did does not come back: let the clients fetch new ones")

    def _each(self, step: Step, key: str) -> Effect:
        """One call for each. One that is refused saves no other; where some went and some did not, look."""
        going = [one.id for one in self._entries(step) if not one.stays]
        self._before.setdefault(step.id, frozenset(going))
        sent: list[str] = []
        gone: list[str] = []

        def send(one: str) -> None:
            fill = {**self._caller.fill(step), ITEM: one}
            try:
                answer = self._caller.change(self._caller.said.do, fill, _key(key, one))
            except Usage as trouble:  # an id that no call can carry is the other side's
                raise Denied(trouble.message, where=self._where) from None
            (gone if answer is None else sent).append(one)

        each(going, send, where=self._where, late=self._late)
        return Effect({"sent": sent[:_IDS], "gone": gone[:_IDS]}, self._now())

    def _entries(self, step: Step) -> list[_Entry]:
        """Those of the server that are not done with, from every page."""
        look, fill = self._caller.look, self._caller.fill(step)
        known: dict[str, _Entry] = {}
        has_any = bool(self._before.get(step.id))
        for body in self._caller.pages(fill):
            items = found(body, self._list.items)
            if not isinstance(items, list):
                raise Malformed(f"the answer has no list at {written(self._list.items)}", where=self._where)
            for item in items:
                if self._says(self._list.of, item, fill, "of", default=True):
                    has_any = True
                    entry = self._entry(item, look, fill)
                    known |= {entry.id: entry} if entry is not None else {}
        if self._list.empty_is_unknown and not has_any:
            raise self._caller.unknown(fill)
        return list(known.values())

    def _entry(self, item: Json, look: Look, fill: Fill) -> _Entry | None:
        """None for one that is done with."""
        is_on = look.in_force is not None and look.in_force.met(Answer(item), fill) is True
        is_off = look.not_in_force.met(Answer(item), fill) is True
        if is_on is is_off:
            words = f"an entry meets {'both' if is_on else 'neither'} of in_force and not_in_force"
            raise Malformed(words, where=self._where)
        if is_on:
            return None
        name = found(item, self._list.id)
        if not isinstance(name, str | int) or isinstance(name, bool) or not 0 < len(str(name)) <= _LONG:
            raise Malformed(f"an entry has no id at {written(self._list.id)}", where=self._where)
        stays = self._staying("kept, as the profile says", ENTRY) if str(name) in self._list.keep else ""
        if self._says(self._list.outlives, item, fill, "outlives", default=False):
            stays = self._staying("good until it ends", ENTRY, KEY)
        return _Entry(str(name), self._ends(item), stays)

    def _staying(self, words: str, *stops: str) -> str:
        """What stops a token stops nothing else."""
        return f"{words} {stopped_by(*stops)}" if self._are_tokens else words

    def _says(self, what: Condition | None, item: Json, fill: Fill, name: str, *, default: bool) -> bool:
        met = default if what is None else what.met(Answer(item), fill)
        if met is None:
            raise Malformed(f"an entry does not say what {name} asks of it", where=self._where)
        return met

    def _ends(self, item: Json) -> str | None:
        """RFC 3339 with a zone, or seconds since 1970; null is no known end."""
        if self._list.expires is None:
            return None
        value = found(item, self._list.expires)
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return stamp(datetime.fromtimestamp(value, UTC))
            except (ValueError, OverflowError, OSError):
                value = NOTHING
        return shape.instant(value, written(self._list.expires), where=self._where)


def _key(key: str, one: str) -> str:
    """An Idempotency-Key of its own: under one for all, the second entry would be a replay of the first."""
    return hashlib.sha256(f"{key} {one}".encode()).hexdigest()
