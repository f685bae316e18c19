"""Detections asked of a table `mcp_audit`: the matches of each, and the event that completes every one."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Column
from mcpsoar.detect import prelude
from mcpsoar.detect.detection import Detection
from mcpsoar.detect.engines.duckdb import Connection, Refusal, connect, quoted, rows
from mcpsoar.detect.gate import TABLE as AUDIT
from mcpsoar.detect.matching import TABLE, place

Match = tuple[str, int, str | None]


def key(own: str, place: str) -> str:
    """The key of an event; one without an id gets one from its place: blanks alone, which no id is."""
    return f"coalesce({own}, translate(bin({place}), '01', ' ' || chr(9)))"


def view(connection: Connection, source: str, key: str, kept: Mapping[str, str]) -> None:
    """Let detections read `source` as `mcp_audit`: `kept` are the columns of the dictionary, as SQL."""
    told = "".join(f", {sql} AS {quoted(name)}" for name, sql in kept.items())
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {AUDIT} AS SELECT event_ms, {key} AS event_key{told} FROM {source}"
    )


def matches(connection: Connection, detection: Detection) -> list[Match]:
    """Every match as key, time and subject, newest first; each counts once.

    Raises BadContent for what only the engine can tell, such as a text that is compared with a number.
    """
    try:
        found = rows(
            connection,
            "SELECT DISTINCT event_key, event_ms, CAST(subject AS VARCHAR) AS subject "
            f"FROM ({detection.sql}) WHERE event_ms IS NOT NULL AND event_key IS NOT NULL "
            "ORDER BY event_ms DESC, event_key, subject",
        )
    except Refusal as error:
        said = str(error).splitlines()[0]
        where = f"{detection.text.path}:{detection.text.sql_line}"
        raise BadContent(f"the engine refuses it: {said}", where=where) from None
    return [(key, at_ms, subject) for key, at_ms, subject in found]


def is_named(match: Match) -> bool:
    """Whether the event has an id of its own."""
    return bool(match[0].strip())


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
    if not asked:
        return ()
    read = {name for detection, _ in asked for name in detection.columns}
    with logs([log for _, log in asked], columns, read) as ask:
        return tuple(ask(detection, index) for index, (detection, _) in enumerate(asked))


@contextmanager
def logs(
    some: Sequence[Sequence[Facts]], columns: Sequence[Column], read: Collection[str]
) -> Iterator[Callable[[Detection, int], tuple[int, ...]]]:
    """Read several logs, and then ask any detection of the one at an index, as `completed` does.

    `read` are the columns of the dictionary that it may read.
    """
    kept = {column.name: quoted(column.name) for column in columns if column.name in read}
    ends = list(accumulate(len(log) for log in some))
    with connect() as connection:
        place(connection, [event for log in some for event in log], columns)
        ctes = prelude.relation(TABLE, columns, kept, extra="place AS place")
        own = key("event_key", "place")
        connection.execute(
            f"CREATE TEMP TABLE logs AS WITH {ctes} SELECT * REPLACE ({own} AS event_key), "
            f"list_position(list_transform({ends}, lambda e: place < e), TRUE) - 1 AS log "
            f"FROM {AUDIT} WHERE event_ms IS NOT NULL "
            f"QUALIFY row_number() OVER (PARTITION BY log, {own}, event_ms ORDER BY place) = 1"
        )

        def ask(detection: Detection, index: int) -> tuple[int, ...]:
            one = f"(SELECT * FROM logs WHERE log = {index})"
            view(connection, one, "event_key", kept)
            matched = {match[:2] for match in matches(connection, detection)}
            told = rows(connection, f"SELECT event_key, event_ms, place FROM {one}") if matched else []
            start = ends[index] - len(some[index])
            return tuple(sorted(at - start for name, at_ms, at in told if (name, at_ms) in matched))

        yield ask
