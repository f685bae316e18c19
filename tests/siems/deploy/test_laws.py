"""Laws of deployment, over packs, edits and kills by chance: no edit is lost, and nothing is done twice."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mcpsoar.core.errors import Conflict
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.siems.deploy import plan as plans
from mcpsoar.siems.deploy import run as runs
from mcpsoar.siems.deploy.live import Change, Found, Traits
from mcpsoar.siems.deploy.plan import EditPolicy, Plan
from mcpsoar.siems.deploy.run import Run
from mcpsoar.siems.deploy.state import StateFile
from mcpsoar.siems.deploy.steps import Action
from mcpsoar.siems.objects import Item
from tests.siems.disk import no_waiting_for_the_disk

__all__ = ["no_waiting_for_the_disk"]

Key = tuple[str, str]
Pack = dict[str, dict[str, int]]
KIND = "thing"
NAMES, KEYS, VALUES = ("a", "b"), ("x", "y", "on"), (1, 2, 3)


class Killed(BaseException):
    """The process is no more."""


@dataclass
class Memory:
    """A SIEM in memory. It adds a key of its own; its caller dies at write `kill`, before or after it."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    kill: int = 0
    after: bool = False
    writes: list[str] = field(default_factory=list)
    calls: int = 0
    place: str = "memory"
    kinds: Mapping[str, Traits] = field(default_factory=lambda: {KIND: Traits(is_once="on".__eq__)})

    def canonical(self, item: Item) -> Item:
        return item

    def look(self, items: Sequence[Item]) -> Mapping[Key, Found]:
        return {
            (KIND, item.name): Found(dict(self.things[item.name]))
            for item in items
            if item.name in self.things
        }

    def one(self, item: Item) -> Found | None:
        return self.look([item]).get((KIND, item.name))

    def create(self, item: Item) -> None:
        if item.name in self.things:
            raise Conflict("it is there")
        self._do(f"create {item.name}", {**self.things, item.name: {"own": 9, **item.body}})

    def change(self, item: Item, change: Change, found: Found) -> None:  # noqa: ARG002
        kept = {key: value for key, value in self.things[item.name].items() if key not in change.unset}
        self._do(f"change {item.name}", {**self.things, item.name: kept | dict(change.keys)})

    def delete(self, item: Item, found: Found) -> None:  # noqa: ARG002
        left = {name: thing for name, thing in self.things.items() if name != item.name}
        self._do(f"delete {item.name}", left)

    def close(self) -> None:
        pass

    def _do(self, what: str, things: dict[str, dict[str, Any]]) -> None:
        self.calls += 1
        if self.calls == self.kill and not self.after:
            raise Killed
        self.writes.append(what)
        self.things = things
        if self.calls == self.kill:
            raise Killed


@dataclass
class Bench:
    """One SIEM, one state, and the pack of the day."""

    live: Memory
    file: StateFile

    def plan(self, pack: Pack, policy: EditPolicy = EditPolicy()) -> Plan:  # noqa: B008 (frozen)
        return plans.make(self.live, items(pack), self.file.load(), policy)

    def apply(self, pack: Pack, policy: EditPolicy = EditPolicy()) -> Verdict:  # noqa: B008
        self.live.calls = 0
        self.live.writes.clear()
        plan = self.plan(pack, policy)
        self.file.make_folder()
        state = self.file.load()
        run = Run(self.live, self.file, state, policy=policy, clock=SystemClock(), say=lambda _: None)
        return runs.verdict(plan, run.carry_out(plan))


def items(pack: Pack) -> list[Item]:
    return [Item(KIND, name, body) for name, body in pack.items()]


def bench(folder: str) -> Bench:
    return Bench(Memory(), StateFile(Path(folder), siem="memory", profile="p", place="memory"))


bodies = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), min_size=1)
packs = st.dictionaries(st.sampled_from(NAMES), bodies)
edits = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(KEYS), st.sampled_from((7, 8))), max_size=3
)
kills = st.tuples(st.integers(0, 3), st.booleans())
days = st.lists(st.tuples(packs, edits, kills, st.booleans()), min_size=1, max_size=5)
_fine = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_fine
@given(days)
@example(  # an edited key that is ours no more, and then again
    [
        ({"b": {"x": 1}}, [], (0, False), True),
        ({}, [("b", "x", 7)], (0, False), True),
        ({"b": {"y": 1}}, [], (0, False), True),
        ({"b": {"x": 1}}, [], (0, False), True),
    ]
)
@example(  # made, not noted, and edited before anybody looked
    [
        ({"a": {"y": 1}}, [], (1, True), False),
        ({}, [("a", "x", 7)], (1, False), False),
        ({"a": {"x": 1}}, [], (0, False), False),
    ]
)
def test_no_edit_is_lost_and_the_next_apply_finishes_what_a_kill_left(
    history: list[tuple[Pack, list[tuple[str, str, int]], tuple[int, bool], bool]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = bench(folder)
        edited: dict[tuple[str, str], int] = {}
        for pack, made, (kill, after), resumed in history:
            for name, key, value in made:
                if name in one.live.things:
                    one.live.things[name][key] = value
                    edited[name, key] = value
            one.live.kill, one.live.after = kill, after
            with suppress(Killed):
                one.apply(pack)
            one.live.kill = 0
            if resumed:
                one.apply(pack)
            there = one.live.things
            # an edit of a key that was not ours goes with its object, once the pack has that no more
            gone = {name for name, _ in edited if name not in there}
            assert not gone & set(pack)
            edited = {place: value for place, value in edited.items() if place[0] not in gone}
            assert {(name, key): there[name].get(key) for name, key in edited} == edited
            if not resumed:
                continue
            one.apply(pack)
            assert one.live.writes == []  # nothing is done twice
            sent = [step for step in one.plan(pack).steps if step.is_sent]
            assert sent == []


@_fine
@given(packs, packs, kills, kills)
@example({"a": {"x": 1}}, {"a": {"x": 2}}, (1, True), (0, False))  # made, not noted, and the next pack
def test_without_edits_the_siem_ends_as_the_pack_is(
    old: Pack, new: Pack, first: tuple[int, bool], second: tuple[int, bool]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = bench(folder)
        for pack, (one.live.kill, one.live.after) in ((old, first), (new, second)):
            with suppress(Killed):
                one.apply(pack)
        one.live.kill = 0
        assert one.apply(new) is Verdict.YES
        assert set(one.live.things) == set(new)
        for name, body in new.items():
            there = one.live.things[name]
            assert {key: there.get(key) for key in body if key != "on"} == {
                key: value for key, value in body.items() if key != "on"
            }
            gone = set(KEYS) - set(body) - {"on"}
            assert not gone & there.keys(), "a key that the pack has no more is taken away"


@_fine
@given(packs, packs, edits)
def test_what_is_to_be_overwritten_ends_as_the_pack_is(
    old: Pack, new: Pack, made: list[tuple[str, str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = bench(folder)
        one.apply(old)
        for name, key, value in made:
            if name in one.live.things:
                one.live.things[name][key] = value
        if not (set(old) | set(new)):
            return
        assert one.apply(new, EditPolicy(overwrite=("*",))) is Verdict.YES
        for name, body in new.items():
            there = one.live.things[name]
            assert all(there[key] == value for key, value in body.items() if key != "on")
        assert {step.action for step in one.plan(new).steps} <= {Action.NONE}


@_fine
@given(packs, edits)
def test_a_lost_state_never_leads_to_a_write_over_what_differs(
    pack: Pack, made: list[tuple[str, str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one = bench(folder)
        one.apply(pack)
        for name, key, value in made:
            if name in one.live.things:
                one.live.things[name][key] = value
        one.file.path.unlink(missing_ok=True)
        before = {name: dict(thing) for name, thing in one.live.things.items()}
        one.apply(pack)
        one.apply(pack, EditPolicy(adopt=True))
        one.apply(pack)
        assert one.live.things == before
