"""A gate as one whole statement for a table `mcp_audit`: prelude, identity, window, counts.

It answers with one row: events, judged, numerator, denominator (0 where the gate has none) and warned. Of
several rows with one identity the one with the smallest ingest_time counts: a table has no other order.
"""

import re
from collections.abc import Sequence

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from mcpsoar.core.content import Counts
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import MINUTE_MS, Column, Kind
from mcpsoar.detect.dialects import BARE, EVENT_MS, known
from mcpsoar.detect.gate import OWN, Gate
from mcpsoar.detect.matching import referenced

_HERE = "EVENT_MS_HERE"
_BARE_HERE = re.compile(r"BARE_HERE\(\s*(\w+)\s*\)")


def text(gate: Gate, columns: Sequence[Column], dialect: str, *, as_of_ms: int | None = None) -> str:
    """The statement in one dialect, for one tick: `as_of_ms`, or the first after the table's last event.

    Raises Usage (unknown dialect), Unsupported (what the dialect cannot say).
    """
    tree = _tree(gate, columns, as_of_ms)
    try:
        made = tree.sql(dialect=known(dialect), pretty=True, unsupported_level=ErrorLevel.RAISE)
        made = made.replace(_HERE, EVENT_MS[dialect])
        made = _BARE_HERE.sub(lambda found: BARE[dialect].format(found[1]), made)
        again = sqlglot.parse_one(made, dialect=dialect).sql(dialect=dialect)
        if sqlglot.parse_one(again, dialect=dialect).sql(dialect=dialect) != again:
            raise Unsupported(f"gate {gate.text.id} is read back as something else in {dialect}")
    except (SqlglotError, AttributeError, RecursionError) as error:
        # the generator fails on some trees with errors that are not its own
        said = str(error).splitlines()[0]
        raise Unsupported(f"gate {gate.text.id} cannot be said in {dialect}: {said}") from None
    return made


def _tree(gate: Gate, columns: Sequence[Column], as_of_ms: int | None) -> exp.Expr:
    by_name = {column.name: column for column in columns}
    names = sorted(referenced(gate.expressions) - set(OWN) | {"event_id", "ingest_time"})
    fields = ", ".join(f"{_value(by_name[name])} AS {name}" for name in names)
    window = gate.text.window_ms
    tick = f"SELECT MAX(event_ms) - MAX(event_ms) % {MINUTE_MS} + {MINUTE_MS} AS as_of_ms FROM fields"
    if as_of_ms is not None:
        tick = f"SELECT {as_of_ms} AS as_of_ms"
    counted = "DISTINCT CASE WHEN {0} = 1 AND judged = 1 THEN subject END"
    if gate.text.counts is Counts.EVENTS:
        counted = "CASE WHEN {0} = 1 AND judged = 1 THEN 1 END"
    total = "COUNT(CASE WHEN judged = 1 THEN 1 END)"
    flags = {"hit": gate.hit, "judged": gate.judged, "warned": gate.warned}
    flags_sql = ", ".join(f"{_number(part)} AS {name}" for name, part in flags.items())
    query = f"""
    WITH fields AS (SELECT {_HERE} AS event_ms, {fields} FROM mcp_audit),
    tick AS ({tick}),
    copies AS (
      SELECT event_ms, event_id AS event_key, {", ".join(names)},
        ROW_NUMBER() OVER (PARTITION BY event_id, event_ms ORDER BY ingest_time) AS copy_number
      FROM fields
    ),
    flags AS (
      SELECT event_ms, {gate.subject.sql("duckdb")} AS subject, {flags_sql}
      FROM copies
      WHERE copy_number = 1 OR event_key IS NULL
    )
    SELECT COUNT(*) AS events, {total} AS judged, COUNT({counted.format("hit")}) AS numerator,
      {total if gate.text.page.ratio else "0"} AS denominator, COUNT({counted.format("warned")}) AS warned
    FROM flags CROSS JOIN tick
    WHERE event_ms >= as_of_ms - {window} AND event_ms < as_of_ms
    """
    return sqlglot.parse_one(query, dialect="duckdb")


def _value(column: Column) -> str:
    if column.kind is Kind.ENUM:
        values = ", ".join(f"'{value}'" for value in column.values)
        return f"CASE WHEN LOWER({column.name}) IN ({values}) THEN LOWER({column.name}) END"
    if column.kind is Kind.TEXT:
        return f"CASE WHEN BARE_HERE({column.name}) <> '' THEN {column.name} END"
    return column.name


def _number(condition: exp.Expression | None) -> str:
    return f"CASE WHEN {condition.sql('duckdb')} THEN 1 ELSE 0 END" if condition is not None else "0"
