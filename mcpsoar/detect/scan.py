"""One scan answers every rule, gate and detection; what is asked afterwards reads the sheet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from mcpsoar.core.content import Counts, DetectionText, RuleText
from mcpsoar.core.digest import Facts
from mcpsoar.core.event import Intake, Reject, Window
from mcpsoar.core.finding import Finding, Group, Hit, Reading
from mcpsoar.detect import joined, prelude, sheet
from mcpsoar.detect.detection import Detection
from mcpsoar.detect.engines.duckdb import Connection, connect, literal, quoted, rows
from mcpsoar.detect.files import Source
from mcpsoar.detect.gate import Gate
from mcpsoar.detect.intake import Loader, Rejects
from mcpsoar.detect.joined import completed
from mcpsoar.detect.judge import state
from mcpsoar.detect.matching import TABLE, matches, place, referenced
from mcpsoar.detect.sheet import SERVER, Ask, Found
from mcpsoar.detect.view import View

__all__ = ["Ask", "Scan", "completed", "matches", "over_events", "over_logs"]
_EVIDENCE = 20


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
            evidence=tuple(hit.event_id for hit in self._hits(claim)) if hits or warnings else (),
            groups=tuple(
                Group(key or "", state(gate.text, h, d if is_ratio else None, w), h, d if is_ratio else None)
                for _, d, h, w, key in sorted(groups, key=lambda one: (-one[2], -one[3], one[4] or ""))
            ),
        )

    def finding(self, text: RuleText | DetectionText) -> Finding:
        """How many events a rule matched, or how often a detection did, and the newest of them."""
        if isinstance(text, DetectionText):
            matches = self._matches(text.id)
            count = len(matches)
            first_ms, last_ms = (matches[-1][1], matches[0][1]) if matches else (None, None)
            named = islice((Hit(*one) for one in matches if joined.is_named(one)), _EVIDENCE)
            hits = self._with_servers(tuple(named))
        else:
            flag = self._flag(text.id)
            count, first_ms, last_ms = rows(
                self.connection, f"SELECT count(*), min(event_ms), max(event_ms) FROM sheet WHERE {flag}"
            )[0]
            hits = self._hits(flag) if count else ()
        lacks = self.lacks(text.id, text.needs)
        return Finding(text.id, text.title, text.level, count, hits, first_ms, last_ms, lacks)

    def hits(self, id_: str) -> tuple[Hit, ...]:
        """Every match of one rule or detection whose event has an id, newest first."""
        if id_ in self.ask.rules:
            return self._hits(self._flag(id_), at_most=None)
        return tuple(Hit(*one) for one in self._matches(id_) if joined.is_named(one))

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

    def _matches(self, id_: str) -> list[joined.Match]:
        return joined.matches(self.connection, self._detection(id_))

    def _flag(self, id_: str) -> str:
        return self.ask.flags.has(f"r{list(self.ask.rules).index(id_)}")

    def _hits(self, condition: str, *, at_most: int | None = _EVIDENCE) -> tuple[Hit, ...]:
        found = rows(
            self.connection,
            f"SELECT eid, event_ms, NULL, {self._server} FROM sheet WHERE {condition} AND eid IS NOT NULL "
            f"ORDER BY event_ms DESC, eid{f' LIMIT {at_most}' if at_most is not None else ''}",
        )
        return tuple(Hit(*row) for row in found)

    @property
    def _server(self) -> str:
        return f"k_{SERVER}" if SERVER in [column.name for column in self.ask.kept] else "NULL"

    def _with_servers(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """A detection names the event that completes its pattern, and a subject of any kind."""
        if not hits or self._server == "NULL":
            return tuple(hits)
        times = ", ".join(str(hit.at_ms) for hit in hits)
        own = {
            (key, at_ms): server
            for key, at_ms, server in rows(
                self.connection,
                f"SELECT eid, event_ms, {self._server} FROM sheet WHERE event_ms IN ({times})",
            )
        }
        subjects = ", ".join(literal(hit.subject) for hit in hits if hit.subject) or "NULL"
        asked = f"SELECT DISTINCT {self._server} FROM sheet WHERE {self._server} IN ({subjects})"
        known = {server for (server,) in rows(self.connection, asked)}
        return tuple(
            replace(hit, server=hit.subject if hit.subject in known else own.get((hit.event_id, hit.at_ms)))
            for hit in hits
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
    """Let detections read the sheet."""
    if ask.detections:
        kept = {column.name: f"k_{column.name}" for column in ask.kept}
        joined.view(connection, "sheet", joined.key("eid", "rowid"), kept)


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
