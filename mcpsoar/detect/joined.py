"""Detections asked of a table `mcp_audit`: the matches of each, and the event that completes every one."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import TypeAlias

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import BadContent, Trouble
from mcpsoar.core.event import Column
from mcpsoar.detect import prelude
from mcpsoar.detect.detection import Detection
from mcpsoar.detect.engines.duckdb import (
    Connection,
    Failure,
    Late,
    Refusal,
    connect,
    quoted,
    rows,
    run,
    within,
)
from mcpsoar.detect.gate import TABLE as AUDIT
from mcpsoar.detect.matching import TABLE, place

HITS = "audit_hits"
# The slowest detection of the pack takes 0.6 s over 1e6 events on two cores; what takes longer by so much
# was written, or fed, to take for ever, and the others wait for it.
DEADLINE_S = 60.0
_GIVEN = "audit_given"
_KEYS = "audit_keys"
_WHOLE = ("BIGINT", "INTEGER")
Blamed: TypeAlias = tuple[int, str | None]


class Unanswered(Trouble):
    """A detection that this log cannot be asked: it ran out of time or room, or the engine broke off."""


def key(own: str, place: str) -> str:
    """The key of an event; one without an id gets one from its place: blanks alone, which no id is."""
    return f"coalesce({own}, translate(bin({place}), '01', ' ' || chr(9)))"


def view(
    connection: Connection,
    source: str,
    key: str,
    kept: Mapping[str, str],
    *,
    own: str = "event_key",
    server: str = "NULL",
) -> None:
    """Let detections read `source` as `mcp_audit`: `kept` are the columns of the dictionary, as SQL.

    `own` is the id that an event has itself and `server` its server; those are for HITS, and no column.
    """
    told = "".join(f", {sql} AS {quoted(name)}" for name, sql in kept.items())
    for name, more in ((AUDIT, told), (_KEYS, f", {own} AS event_id, CAST({server} AS VARCHAR) AS server")):
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT event_ms, {key} AS event_key{more} FROM {source}"
        )


def described(connection: Connection, detection: Detection) -> None:
    """Raises BadContent for what only the engine can tell: types that do not compare, or are not as promised.

    A time that is no number would be a text of the log where a number is believed.
    """
    where = f"{detection.text.path}:{detection.text.sql_line}"
    try:
        types = {name: kind for name, kind, *_ in rows(connection, f"DESCRIBE ({detection.sql})")}
    except Refusal as error:
        raise _refused(detection, error) from None
    if types["event_ms"] not in _WHOLE:
        raise BadContent(f"event_ms is a whole number, and no {types['event_ms']}", where=where)
    for name in ("event_key", "subject"):
        if types[name] != "VARCHAR":
            raise BadContent(f"{name} is a text, and no {types[name]}", where=where)


def answer(connection: Connection, detection: Detection) -> None:
    """Put every match into a table HITS: event_ms, event_key, subject, event_id, server; each stands once.

    Raises BadContent for what the engine refuses and for an event that is none of the log, Unanswered.
    """
    given = (
        "SELECT DISTINCT event_ms, event_key, subject "
        f"FROM ({detection.sql}) WHERE event_ms IS NOT NULL AND event_key IS NOT NULL"
    )
    known = (
        f"SELECT given.*, own.event_id, own.server FROM {_GIVEN} AS given "
        f"JOIN {_KEYS} AS own ON given.event_ms = own.event_ms AND given.event_key = own.event_key"
    )

    def work() -> None:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {_GIVEN} AS {given}")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {HITS} AS {known}")

    where = f"{detection.text.path}:{detection.text.sql_line}"
    try:
        within(connection, DEADLINE_S, work)
        counts = f"SELECT (SELECT count(*) FROM {_GIVEN}) - (SELECT count(*) FROM {HITS})"
        strange = rows(connection, counts)[0][0]
    except Late:
        raise Unanswered(f"out of time: {DEADLINE_S:g} s were not enough", where=where) from None
    except Refusal as error:
        raise _refused(detection, error) from None
    except Failure as error:
        raise Unanswered(f"out of room: {str(error).splitlines()[0]}", where=where) from None
    if strange:
        said = f"gives {strange} events that the log does not hold: event_ms and event_key are of one row"
        raise BadContent(said, where=where)


def _refused(detection: Detection, error: Exception) -> BadContent:
    said = str(error).splitlines()[0]
    where = f"{detection.text.path}:{detection.text.sql_line}"
    return BadContent(f"the engine refuses it: {said}", where=where)


def check(detections: Sequence[Detection], columns: Sequence[Column]) -> None:
    """Ask each of no event at all. Raises BadContent at the first one that the engine refuses."""
    completed([(detection, ()) for detection in detections], columns)


def completed(
    asked: Sequence[tuple[Detection, Sequence[Facts]]], columns: Sequence[Column]
) -> tuple[tuple[int, ...], ...]:
    """For each detection and the log it is asked of: the places of the events that complete its pattern.

    Every log is read by itself, and each identity in it counts once, the first. One connection for them all.
    Raises BadContent.
    """
    return tuple(_places(found) for found in blamed(asked, columns))


def blamed(
    asked: Sequence[tuple[Detection, Sequence[Facts]]], columns: Sequence[Column]
) -> tuple[tuple[Blamed, ...], ...]:
    """The same, a match each: the place of its event, and the subject to blame."""
    if not asked:
        return ()
    read = {name for detection, _ in asked for name in detection.columns}
    with _answers([log for _, log in asked], columns, read) as ask:
        return tuple(ask(detection, index) for index, (detection, _) in enumerate(asked))


@contextmanager
def logs(
    some: Sequence[Sequence[Facts]], columns: Sequence[Column], read: Collection[str]
) -> Iterator[Callable[[Detection, int], tuple[int, ...]]]:
    """Read several logs, and then ask any detection of the one at an index, as `completed` does.

    `read` are the columns of the dictionary that it may read.
    """
    with _answers(some, columns, read) as ask:
        yield lambda detection, index: _places(ask(detection, index))


def _places(found: Sequence[Blamed]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(at for at, _ in found))


@contextmanager
def _answers(
    some: Sequence[Sequence[Facts]], columns: Sequence[Column], read: Collection[str]
) -> Iterator[Callable[[Detection, int], tuple[Blamed, ...]]]:
    kept = {column.name: quoted(column.name) for column in columns if column.name in read}
    ends = list(accumulate(len(log) for log in some))
    with connect() as connection:
        place(connection, [event for log in some for event in log], columns)
        ctes = prelude.relation(TABLE, columns, kept, extra="place AS place")
        own = key("event_key", "place")
        run(
            connection,
            f"CREATE TEMP TABLE logs AS WITH {ctes} SELECT * REPLACE ({own} AS event_key), "
            f"list_position(list_transform({ends}, lambda e: place < e), TRUE) - 1 AS log "
            f"FROM {AUDIT} WHERE event_ms IS NOT NULL "
            f"QUALIFY row_number() OVER (PARTITION BY log, {own}, event_ms ORDER BY place) = 1",
        )

        known: set[str] = set()  # statements that were described: their types are the same on every log

        def ask(detection: Detection, index: int) -> tuple[Blamed, ...]:
            one = f"(SELECT * FROM logs WHERE log = {index})"
            view(connection, one, "event_key", kept)
            if detection.sql not in known:
                described(connection, detection)
                known.add(detection.sql)
            answer(connection, detection)
            start = ends[index] - len(some[index])
            own = f"{one} JOIN {HITS} AS found USING (event_ms, event_key)"
            told = f"SELECT DISTINCT place, found.subject FROM {own} ORDER BY place, found.subject"
            return tuple((at - start, subject) for at, subject in rows(connection, told))

        yield ask
