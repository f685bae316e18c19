"""Events that are already in memory, such as the cases of rules and gates, as a relation of JSON text."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlglot import exp

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.event import Column, Kind
from mcpsoar.detect import prelude
from mcpsoar.detect.engines.duckdb import Connection, connect, literal, quoted, rows

TABLE = "given"
_TOGETHER = 500  # events in one statement


def matches(
    predicates: Mapping[str, exp.Expression], events: Sequence[Facts], columns: Sequence[Column]
) -> Mapping[str, tuple[int, ...]]:
    """Which of `events` (by their place) each predicate holds for; one scan for all of them."""
    if not predicates:
        return {}
    names = list(predicates)
    asked = ", ".join(
        f"coalesce({predicates[name].sql('duckdb')}, FALSE) AS p{index}" for index, name in enumerate(names)
    )
    wanted = referenced(predicates.values())
    with connect() as connection:
        place(connection, events, columns)
        ctes = prelude.relation(TABLE, columns, wanted, extra="place AS place")
        found = rows(connection, f"WITH {ctes} SELECT place, {asked} FROM mcp_audit ORDER BY place")
    return {name: tuple(row[0] for row in found if row[index]) for index, name in enumerate(names, start=1)}


def normal(events: Sequence[Facts], columns: Sequence[Column], wanted: Collection[str]) -> tuple[Facts, ...]:
    """The `wanted` columns of each event as rules see them, lists as lists; what is absent is left out."""
    kinds = [(column.name, column.kind) for column in columns if column.name in wanted]
    shown = ", ".join(quoted(name) for name, _ in kinds)
    with connect() as connection:
        place(connection, events, columns)
        ctes = prelude.relation(TABLE, columns, wanted, extra="place AS place")
        found = rows(connection, f"WITH {ctes} SELECT {shown} FROM mcp_audit ORDER BY place")
    return tuple(
        {name: _value(one, kind) for (name, kind), one in zip(kinds, row, strict=True) if one is not None}
        for row in found
    )


def _value(value: Json, kind: Kind) -> Json:
    return json.loads(value) if kind is Kind.TEXTS and isinstance(value, str) else value


def referenced(expressions: Iterable[exp.Expr]) -> frozenset[str]:
    """The columns that some expressions read."""
    return frozenset(column.name for expression in expressions for column in expression.find_all(exp.Column))


def place(connection: Connection, events: Sequence[Facts], columns: Sequence[Column]) -> None:
    """Create the temporary table `given`: a place, and the JSON text of every field."""
    names = [column.name for column in columns]
    typed = ", ".join(f"{quoted(name)} VARCHAR" for name in names)
    connection.execute(f"CREATE TEMP TABLE {TABLE} (place BIGINT, {typed})")
    spec = json.dumps(dict.fromkeys(names, "JSON"))
    told = ", ".join(f"CAST(event.{quoted(name)} AS VARCHAR)" for name in names)
    for start in range(0, len(events), _TOGETHER):
        some = [
            f"({index}, {_text({name: event[name] for name in names if event.get(name) is not None})})"
            for index, event in enumerate(events[start : start + _TOGETHER], start)
        ]
        connection.execute(
            f"INSERT INTO {TABLE} SELECT place, {told} "
            f"FROM (SELECT place, json_transform(line, {literal(spec)}) AS event "
            f"FROM (VALUES {', '.join(some)}) AS lines(place, line))"
        )


def _text(event: Facts) -> str:
    return literal(json.dumps(event, separators=(",", ":"), ensure_ascii=False))
