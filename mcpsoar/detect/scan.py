"""One scan answers every rule, gate and detection; what is asked afterwards reads the sheet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from mcpsoar.core.content import Counts, Text
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Intake, Reject, Window
from mcpsoar.core.finding import Finding, Group, Hit, Reading
from mcpsoar.detect import evidence, joined, prelude, sheet
from mcpsoar.detect.detection import Detection
from mcpsoar.detect.engines.duckdb import Connection, connect, quoted, rows
from mcpsoar.detect.files import Source
from mcpsoar.detect.gate import Gate
from mcpsoar.detect.intake import Loader, Rejects
from mcpsoar.detect.joined import completed
from mcpsoar.detect.judge import state
from mcpsoar.detect.matching import TABLE, matches, place, referenced
from mcpsoar.detect.sheet import SERVER, Ask, Found
from mcpsoar.detect.view import View

__all__ = ["Ask", "Scan", "completed", "matches", "over_events", "over_logs"]
EVIDENCE = 20


@dataclass(frozen=True, slots=True)
class Scan:
    """A log that was read; `rejects` are the first ten, `here` the columns that some event has."""

    connection: Connection
    ask: Ask
    intake: Intake
    rejects: tuple[Reject, ...]
    here: frozenset[str]

    def reading(self, gate: Gate, as_of_ms: int) -> Reading:
        """What a gate saw in the window that ends at `as_of_ms`."""
        window = Window(as_of_ms - gate.text.window_ms, as_of_ms)
        index = [one.text.id for one in self.ask.gates].index(gate.text.id)
        hit, judged, warned = (self.ask.flags.has(f"g{index}{letter}") for letter in "hjw")
        inside = f"event_ms >= {window.start_ms} AND event_ms < {window.end_ms}"
        counts = (
            f"count(*), count(*) FILTER ({judged}), count(*) FILTER ({hit} AND {judged}), "
            f"count(*) FILTER ({warned} AND {judged})"
        )
        events, known, hits, warnings = rows(self.connection, f"SELECT {counts} FROM sheet WHERE {inside}")[0]
        groups: list[tuple[Any, ...]] = []
        if hits or warnings:  # to tell subjects apart is dear, and mostly there is nothing to tell
            subject = f"s{self.ask.subjects.index(gate.subject.sql('duckdb'))}"
            groups = rows(
                self.connection,
                f"SELECT {counts}, {subject} AS key FROM sheet WHERE {inside} GROUP BY ALL "
                f"HAVING bool_or(({hit} OR {warned}) AND {judged})",
            )
        if gate.text.counts is Counts.SUBJECTS:
            groups = [(n, d, min(h, 1), min(w, 1), key) for n, d, h, w, key in groups if key is not None]
            hits, warnings = sum(group[2] for group in groups), sum(group[3] for group in groups)
        is_ratio = gate.text.page.ratio is not None
        claim = f"{inside} AND {hit if hits else warned} AND {judged}"
        return Reading(
            gate=gate.text.id,
            window=window,
            events=events,
            judged=known,
            numerator=hits,
            denominator=known if is_ratio else None,
            warned=warnings,
            evidence=self._named(claim) if hits or warnings else (),
            groups=tuple(
                Group(key or "", state(gate.text, h, d if is_ratio else None, w), h, d if is_ratio else None)
                for _, d, h, w, key in sorted(groups, key=lambda one: (-one[2], -one[3], one[4] or ""))
            ),
        )

    def finding(self, text: Text, *, at_most: int | None = EVIDENCE) -> Finding:
        """How many events a rule matched, or how often a detection did, and the newest of them (None: all).

        A detection that this log cannot be asked says why, and the others are asked all the same.
        """
        lacks = self.lacks(text.id, text.needs)
        try:
            relation = self._matches(text.id)
        except (BadContent, joined.Unanswered) as error:
            return Finding(text.id, text.title, text.level, 0, lacks=lacks, failed=str(error))
        return evidence.finding(self.connection, text, relation, lacks, at_most=at_most)

    def hits(self, id_: str) -> tuple[Hit, ...]:
        """Every match of one rule or detection whose event has an id, newest first.

        Raises BadContent and Unanswered for a detection that this log cannot be asked.
        """
        found = evidence.hits(self.connection, self._matches(id_), at_most=None)
        return tuple(hit for hit in found if hit.event_id is not None)

    def lacks(self, id_: str, needs: Sequence[str]) -> tuple[str, ...]:
        """The needed columns that no event has, unless it has what the rule would derive from them."""
        is_rule = id_ in self.ask.rules
        read = referenced([self.ask.rules[id_]]) if is_rule else self._detection(id_).columns
        excused = {
            name
            for column in self.ask.columns
            if column.name in read & self.here
            for name in prelude.sources(column)
        }
        return tuple(name for name in needs if name not in self.here | excused)

    def _detection(self, id_: str) -> Detection:
        return next(one for one in self.ask.detections if one.text.id == id_)

    def _matches(self, id_: str) -> str:
        """A relation of event_id, event_ms, subject and server; the next detection asked replaces it."""
        if id_ in self.ask.rules:
            flag = self.ask.flags.has(f"r{list(self.ask.rules).index(id_)}")
            own = f"eid AS event_id, event_ms, NULL AS subject, {_server(self.ask)} AS server"
            return f"(SELECT {own} FROM sheet WHERE {flag})"
        detection = self._detection(id_)
        joined.answer(self.connection, detection)
        blamed = "coalesce(subject, server)" if detection.text.subject == "server" else "server"
        return f"(SELECT event_id, event_ms, subject, {blamed} AS server FROM {joined.HITS})"

    def _named(self, condition: str) -> tuple[str, ...]:
        asked = f"SELECT eid FROM sheet WHERE {condition} AND eid IS NOT NULL"
        return tuple(
            name for (name,) in rows(self.connection, f"{asked} ORDER BY event_ms DESC, eid LIMIT {EVIDENCE}")
        )


@contextmanager
def over_logs(
    sources: Sequence[Source], ask: Ask, folder: Path, *, keep: BinaryIO | None = None
) -> Iterator[Scan]:
    """Read logs once; raw lines that are no events go to `keep`, what is written meanwhile to `folder`."""
    rejects = Rejects(keep)
    with connect(files=[source.log.path for source in sources], folder=str(folder)) as connection:
        sheet.create(connection, ask)
        loader = Loader(connection, ask, folder, rejects)
        loader.load(sources)
        intake = sheet.close(connection, ask, loader.found)
        here = _here(connection, ask, loader.found.views) if ask.rules or ask.detections else frozenset()
        _open(connection, ask)
        yield Scan(connection, ask, intake, tuple(rejects.named), here)


@contextmanager
def over_events(events: Sequence[Facts], ask: Ask) -> Iterator[Scan]:
    """The same over events in memory, such as those of a case; one without a time counts nowhere."""
    with connect() as connection:
        place(connection, events, ask.columns)
        sheet.create(connection, ask)
        given = View(f"(SELECT * FROM {TABLE} ORDER BY place)", here=ask.columns)
        sheet.fill(connection, ask, given)
        connection.execute("DELETE FROM sheet WHERE event_ms IS NULL")
        intake = sheet.close(connection, ask, Found(views=[given]))
        here = frozenset(name for event in events for name in event)
        _open(connection, ask)
        yield Scan(connection, ask, intake, (), here)


def _open(connection: Connection, ask: Ask) -> None:
    """Let detections read the sheet. Raises BadContent for one that the engine refuses."""
    if ask.detections:
        kept = {column.name: f"k_{column.name}" for column in ask.kept}
        own = joined.key("eid", "rowid")
        joined.view(connection, "sheet", own, kept, own="eid", server=_server(ask))
    for detection in ask.detections:
        joined.described(connection, detection)


def _server(ask: Ask) -> str:
    return f"k_{SERVER}" if SERVER in [column.name for column in ask.kept] else "NULL"


def _here(connection: Connection, ask: Ask, views: Sequence[View]) -> frozenset[str]:
    """The columns that some event has: told by the view, or looked for in whole lines."""
    here = {column.name for view in views if not view.is_whole for column in view.here}
    names = [column.name for column in ask.columns]
    asked = ", ".join(f"count({quoted(name)}) > 0" for name in names)
    for view in views:
        if view.is_whole:
            found = rows(connection, f"SELECT {asked} FROM {view.text}")[0]
            here |= {name for name, is_there in zip(names, found, strict=True) if is_there}
    return frozenset(here)
