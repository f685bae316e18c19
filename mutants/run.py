"""Asking the proof of the pack about mutants: one that fails a case or a claim about corpora is killed."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mcpsoar.app import corpora as surveys
from mcpsoar.app import gates as gate_cases
from mcpsoar.app.rule_cases import why
from mcpsoar.app.watch import ask
from mcpsoar.core.content import DetectionText, GateText, RuleText
from mcpsoar.core.errors import Trouble, Usage
from mcpsoar.core.event import LAST_TICK_MS, Column
from mcpsoar.detect.detection import Detection, parse
from mcpsoar.detect.joined import logs
from mcpsoar.detect.matching import matches
from mcpsoar.pack import content, corpora, gates, schema
from mcpsoar.targets import sql
from mutants import sigma, statement
from mutants.mutant import Mutant, Text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the mutants of one text: how many count, and which of them nothing noticed.

    `excused` are those that mean the same as the text; they do not count. `stale` are excuses that hide none.
    """

    of: str
    total: int
    survivors: tuple[Mutant[Any], ...]
    excused: int = 0
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes, by id."""

    outcomes: tuple[Outcome, ...]

    @property
    def total(self) -> int:
        return sum(one.total for one in self.outcomes)

    @property
    def killed(self) -> int:
        return self.total - sum(len(one.survivors) for one in self.outcomes)

    @property
    def is_stale(self) -> bool:
        return any(one.stale for one in self.outcomes)

    @property
    def share(self) -> float:
        return self.killed / self.total if self.total else 0.0


def report(
    root: Path, wanted: Sequence[str] = (), *, excuses: Mapping[tuple[str, str], str] | None = None
) -> Report:
    """Break the wanted rules, detections and gates (all where none is named) and ask their proof.

    Raises Usage for an id that none has, and what `rules test` raises for the pack itself.
    """
    texts = _texts(root, wanted)
    columns = schema.load(root)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(partial(outcome, columns=columns), texts))
    found = _after_corpora(root, texts, found, columns)
    known = excuses or {}
    return Report(tuple(_excused(one, known) for one in found))


def outcome(text: Text, columns: Sequence[Column]) -> Outcome:
    """What the cases alone kill. A mutant that cannot be read is none: nobody could ship it."""
    if isinstance(text, RuleText):
        return _rule(text, columns)
    if isinstance(text, DetectionText):
        return _detection(text, columns)
    return _gate(text, columns)


def _texts(root: Path, wanted: Sequence[str]) -> list[Text]:
    texts: list[Text] = [*content.load(root), *gates.load(root)]
    for name in wanted:
        if name not in {text.id for text in texts}:
            raise Usage(f"no rule, detection or gate {name!r} in {root}")
    return [text for text in texts if not wanted or text.id in wanted]


def _rule(text: RuleText, columns: Sequence[Column]) -> Outcome:
    own = sql.predicate(text, columns).sql("duckdb")
    alive = {}
    seen = {own}
    for mutant in sigma.mutants(text, columns):
        try:
            predicate = sql.predicate(mutant.text, columns)
        except Trouble:
            continue
        if (said := predicate.sql("duckdb")) not in seen:
            seen.add(said)
            alive[mutant.text.id] = (mutant, predicate)
    events = [event for case in text.cases for event in case.events]
    hits = matches({id_: one for id_, (_, one) in alive.items()}, events, columns)
    survivors = []
    for id_, (mutant, _) in alive.items():
        start, is_killed = 0, False
        for case in text.cases:
            end = start + len(case.events)
            is_killed |= bool(why(case, [at - start for at in hits[id_] if start <= at < end]))
            start = end
        if not is_killed:
            survivors.append(mutant)
    return Outcome(text.id, len(alive), tuple(survivors))


def _detection(text: DetectionText, columns: Sequence[Column]) -> Outcome:
    alive: dict[str, tuple[Mutant[DetectionText], Detection]] = {}
    for mutant in statement.mutants(text):
        try:
            alive[mutant.text.id] = (mutant, parse(mutant.text, columns))
        except Trouble:
            continue
    total = len(alive)
    own = parse(text, columns)
    with logs([case.events for case in text.cases], columns, own.columns) as asked:
        for index, case in enumerate(text.cases):
            for id_, (_, detection) in list(alive.items()):
                try:
                    if why(case, asked(detection, index)):
                        del alive[id_]
                except Trouble:  # the engine refuses it, which every run of the pack would say
                    del alive[id_]
                    total -= 1
    return Outcome(text.id, total, tuple(mutant for mutant, _ in alive.values()))


def _gate(text: GateText, columns: Sequence[Column]) -> Outcome:
    total, survivors = 0, []
    for mutant in statement.mutants(text):
        gate = mutant.text
        try:
            is_killed = any(gate_cases.fails(gate, case, columns) for case in text.cases)
        except Trouble:
            continue
        total += 1
        if not is_killed:
            survivors.append(mutant)
    return Outcome(text.id, total, tuple(survivors))


def _after_corpora(
    root: Path, texts: Sequence[Text], found: Sequence[Outcome], columns: Sequence[Column]
) -> list[Outcome]:
    """Ask the recorded logs about what the cases left alive: all mutants in one scan."""
    folder = corpora.beside(root)
    if folder is None:
        return list(found)
    there, known = corpora.load(folder), corpora.known(folder)
    left = {mutant.text.id: mutant for one in found for mutant in one.survivors}
    ids = {mutant.of for mutant in left.values()}
    asked = [text for text in texts if isinstance(text, RuleText | DetectionText) and text.id in ids]
    asked += [one.text for one in left.values() if isinstance(one.text, RuleText | DetectionText)]
    seen = surveys.survey(asked, ask(columns, asked, now_ms=LAST_TICK_MS), there)
    killed = set()
    for text in asked:
        if text.id in left:
            of = left[text.id].of
            as_own = [replace(text, id=of)]
            before = surveys.judged(as_own, {of: seen[of]}, there, known)
            after = surveys.judged(as_own, {of: seen[text.id]}, there, known)
            if any(now.why and not was.why for was, now in zip(before, after, strict=True)):
                killed.add(text.id)
    return [
        replace(one, survivors=tuple(each for each in one.survivors if each.text.id not in killed))
        for one in found
    ]


def _excused(one: Outcome, known: Mapping[tuple[str, str], str]) -> Outcome:
    """A survivor that means the same is no mutant; an excuse of what is killed, or is no mutant, is stale."""
    kept = tuple(mutant for mutant in one.survivors if (one.of, mutant.name) not in known)
    excused = len(one.survivors) - len(kept)
    alive = {mutant.name for mutant in one.survivors}
    stale = tuple(name for of, name in known if of == one.of and name not in alive)
    return Outcome(one.of, one.total - excused, kept, excused, stale)


def lines(told: Report) -> Iterator[str]:
    """A line a text, its survivors and stale excuses below it, and the sum."""
    for one in told.outcomes:
        yield f"{one.total - len(one.survivors):>4}/{one.total:<4} {one.of}"
        yield from (f"          survives: {mutant.name}" for mutant in one.survivors)
        yield from (f"          an excuse that hides no survivor: {name}" for name in one.stale)
    yield f"{told.killed} of {told.total} mutants killed: {told.share:.1%}"
    if excused := sum(one.excused for one in told.outcomes):
        yield f"not counted: {excused} that mean the same, each with its reason in mutants/equivalent.json"
