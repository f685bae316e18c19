"""The sheet: one narrow row an event, holding what every gate and rule says of it; filled by one scan.

Detections join rows to rows, so it holds for them what they read of an event, and is a table to them.

Repeats are found by counting: only when some id stands twice is the log read again, for those rows alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlglot import exp

from mcpsoar.core.errors import Malformed
from mcpsoar.core.event import Column, Intake, Kind
from mcpsoar.detect import prelude
from mcpsoar.detect.detection import Detection
from mcpsoar.detect.engines.duckdb import Connection, quoted, rows, run
from mcpsoar.detect.gate import OWN, Gate
from mcpsoar.detect.matching import referenced
from mcpsoar.detect.view import View
from mcpsoar.kit.mapping import FieldMapping

_NAMED = 10
_SLOTS = 1 << 17  # bits of the filter of ids that stand twice
_BITS = 60  # flags in one word, with room for its sign
_ARRIVAL = "ingest_time"  # a second delivery arrives later, and is no other content for that


@dataclass(frozen=True, slots=True)
class Flags:
    """Yes or no answers about an event, packed into whole numbers; each flag has its word and its bit."""

    conditions: Mapping[str, str]

    @property
    def words(self) -> Mapping[str, str]:
        """The columns that hold them, and the SQL of each. A condition that is NULL is a no."""
        bits: dict[str, list[str]] = {}
        for place, sql in enumerate(self.conditions.values()):
            bit = f"CASE WHEN {sql} THEN {1 << place % _BITS} ELSE 0 END"
            bits.setdefault(f"b{place // _BITS}", []).append(bit)
        return {word: f"CAST({' + '.join(some)} AS BIGINT)" for word, some in bits.items()}

    def has(self, *names: str) -> str:
        """SQL that is TRUE where any of these flags is set."""
        masks: dict[str, int] = {}
        for place, name in enumerate(self.conditions):
            if name in names:
                word = f"b{place // _BITS}"
                masks[word] = masks.get(word, 0) | 1 << place % _BITS
        return "(" + (" OR ".join(f"{word} & {mask} <> 0" for word, mask in masks.items()) or "FALSE") + ")"


SERVER = "server_name"  # whom a person will want to contain


@dataclass(frozen=True)  # no slots: what follows from it is worked out once
class Ask:
    """What one scan is to say of every event; `now_ms` is the reader's clock.

    `mapping` is where the columns are in logs that are not written in ours.
    """

    columns: Sequence[Column]
    gates: Sequence[Gate]
    rules: Mapping[str, exp.Expression]
    now_ms: int
    detections: Sequence[Detection] = ()
    mapping: FieldMapping | None = None

    @cached_property
    def flags(self) -> Flags:
        """gN with h(it), j(udged) or w(arned) for gates, and rN for rules."""
        asked: dict[str, exp.Expression | None] = {}
        for index, gate in enumerate(self.gates):
            asked |= {f"g{index}h": gate.hit, f"g{index}j": gate.judged, f"g{index}w": gate.warned}
        asked |= {f"r{index}": rule for index, rule in enumerate(self.rules.values())}
        return Flags({name: one.sql("duckdb") if one is not None else "FALSE" for name, one in asked.items()})

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """The distinct subjects of the gates, as SQL; a gate's own stands at its place among them."""
        return tuple(dict.fromkeys(gate.subject.sql("duckdb") for gate in self.gates))

    @cached_property
    def wanted(self) -> frozenset[str]:
        parts = [part for gate in self.gates for part in gate.expressions]
        return (referenced([*parts, *self.rules.values()]) - set(OWN)) | {one.name for one in self.kept}

    @cached_property
    def kept(self) -> tuple[Column, ...]:
        """What the detections read of an event, and its server: the sheet keeps it, as `k_` and its name."""
        read = {name for detection in self.detections for name in detection.columns}
        read |= {SERVER} if self.rules or self.detections else set()
        return tuple(column for column in self.columns if column.name in read)

    @property
    def is_valid(self) -> str:
        """A time that parses and lies in range, as SQL over `event_ms`."""
        return f"event_ms BETWEEN {prelude.FIRST_MS} AND {self.now_ms + prelude.SKEW_MS}"


@dataclass(slots=True)
class Found:
    """What the reading itself found, before the events were asked anything."""

    rejected: int = 0
    cut: tuple[str, ...] = ()
    malformed: dict[str, int] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)


def create(connection: Connection, ask: Ask) -> None:
    """An empty sheet."""
    fields = ["event_ms BIGINT", "idh UBIGINT", "odd BOOLEAN", "eid VARCHAR"]
    fields += [f"{word} BIGINT" for word in ask.flags.words]
    fields += [f"s{index} VARCHAR" for index in range(len(ask.subjects))]
    fields += [f"k_{column.name} {prelude.TYPES[column.kind]}" for column in ask.kept]
    connection.execute(f"CREATE TEMP TABLE sheet ({', '.join(fields)})")


def fill(connection: Connection, ask: Ask, view: View) -> None:
    """Append what a view gives in their order; a time out of range is NULL.

    No deadline, unlike what is asked of the sheet afterwards: a row is looked at by itself, with expressions
    that are linear in its length, so that the time follows the size of the log, which its owner chose. A
    detection joins rows to rows, where a few events can ask for hours. Progress is told, and Ctrl-C is heard.
    """
    told = dict(ask.flags.words) | {
        f"s{index}": f"CAST({sql} AS VARCHAR)" for index, sql in enumerate(ask.subjects)
    }
    told |= {f"k_{column.name}": quoted(column.name) for column in ask.kept}
    claims = ask.flags.has(*(name for name in ask.flags.conditions if not name.endswith("j")))
    # a detection may name any event
    named = "event_key" if ask.detections else f"CASE WHEN {claims} THEN {prelude.unquoted('event_text')} END"
    ctes = prelude.relation(view.text, ask.columns, ask.wanted, watched=view.here, doubts=view.doubts)
    insert = (
        f"INSERT INTO sheet WITH {ctes}, "
        f"told AS (SELECT CASE WHEN {ask.is_valid} THEN event_ms END AS event_ms, event_key, event_text, odd"
        f"{''.join(f', {sql} AS {name}' for name, sql in told.items())} FROM mcp_audit) "
        f"SELECT event_ms, CASE WHEN event_text IS NOT NULL THEN hash(event_text) END, odd, "
        f"{named}, {', '.join(told)} FROM told"
    )
    run(connection, insert)


def close(connection: Connection, ask: Ask, found: Found) -> Intake:
    """Keep the first received of each identity, and count what the log held."""
    seen = rows(connection, "SELECT count(idh), count(DISTINCT idh) FROM sheet")[0]
    repeats, conflicts = (0, ()) if seen[0] == seen[1] else _twins(connection, ask, found.views)
    count, first_ms, last_ms = rows(connection, "SELECT count(*), min(event_ms), max(event_ms) FROM sheet")[0]
    return Intake(
        events=count,
        rejected=found.rejected,
        repeats=repeats,
        conflicts=tuple(conflicts[:_NAMED]),
        conflict_count=len(conflicts),
        malformed=dict(sorted(found.malformed.items())),
        cut=found.cut,
        first_ms=first_ms,
        last_ms=last_ms,
    )


def _twins(connection: Connection, ask: Ask, views: Sequence[View]) -> tuple[int, Sequence[str]]:
    """Read the rows whose id stands twice once more, with their whole content; drop all but the first."""
    run(
        connection,
        "CREATE TEMP TABLE doubles AS "
        "SELECT idh FROM sheet WHERE idh IS NOT NULL GROUP BY idh HAVING count(*) > 1",
    )
    run(connection, f"CREATE TEMP TABLE twins AS {_PLACED.format('sheet')}")
    _copy(connection, ask, views)
    run(connection, f"CREATE TEMP TABLE copied AS {_PLACED.format('copies')}")
    same = "SELECT count(*) FROM twins JOIN copied USING (place, idh)"
    counts = rows(connection, f"SELECT ({same}), count(*), (SELECT count(*) FROM copied) FROM twins")[0]
    if len(set(counts)) > 1:
        raise Malformed("the log changed while it was read; read it again, or a copy of it")
    run(connection, _JUDGED)
    repeats = rows(connection, "SELECT count(*) FROM judged WHERE copy > 1")[0][0]
    run(
        connection,
        "DELETE FROM sheet WHERE rowid IN (SELECT seq FROM twins JOIN judged USING (place) WHERE copy > 1)",
    )
    found = rows(
        connection,
        "SELECT event_key FROM judged WHERE event_ms <> first_ms OR content <> first_content "
        "GROUP BY event_key ORDER BY min(place)",
    )
    return repeats, [row[0] for row in found]


def _copy(connection: Connection, ask: Ask, views: Sequence[View]) -> None:
    """Content of every row whose id may be a double, in the order of the log.

    Which they are is told by a filter of bits and not by a join: a join would lose the order.
    """
    here = {column for view in views for column in view.here}
    content = [column for column in ask.columns if column in here and column.name != _ARRIVAL]
    known = [quoted(column.name) for column in content if column.kind is not Kind.TIME]
    bits = f"bitstring_agg(CAST(idh % {_SLOTS} AS INTEGER), 0, {_SLOTS - 1})"
    filled = rows(connection, f"SELECT CAST({bits} AS VARCHAR) FROM doubles")[0][0]
    run(
        connection,
        "CREATE TEMP TABLE copies (idh UBIGINT, event_key VARCHAR, event_ms BIGINT, content UBIGINT)",
    )
    for view in views:
        may_be = f"get_bit(CAST('{filled}' AS BIT), CAST(hash(event_id) % {_SLOTS} AS INTEGER)) = 1"
        text = f"(SELECT * FROM {view.text} WHERE {may_be})"
        ctes = prelude.relation(text, ask.columns, [column.name for column in content])
        run(
            connection,
            f"INSERT INTO copies WITH {ctes} SELECT hash(event_text), event_key, event_ms, "
            f"hash({', '.join(known)}) FROM mcp_audit WHERE {ask.is_valid} AND event_text IS NOT NULL",
        )


_PLACED = """
SELECT *, rowid AS seq, row_number() OVER (ORDER BY rowid) AS place
FROM {} WHERE idh IN (SELECT idh FROM doubles)
"""
_JUDGED = """
CREATE TEMP TABLE judged AS
SELECT place, event_key, event_ms, content,
  first_value(event_ms) OVER (PARTITION BY event_key ORDER BY place) AS first_ms,
  first_value(content) OVER (PARTITION BY event_key, event_ms ORDER BY place) AS first_content,
  row_number() OVER (PARTITION BY event_key, event_ms ORDER BY place) AS copy
FROM copied
"""
