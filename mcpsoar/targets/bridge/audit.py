# ruff: noqa: S608  # names come from the dictionary
"""Statements over a table `mcp_audit` as its owner filled it: the reading that detections print stands under.

A predicate asks events as the scan has them: enumerations in lower case, blanks NULL, each identity once. A
table made from `sql/schema.sql` holds what was sent instead. Derived columns alone are taken as they are.
"""

from collections.abc import Sequence

import sqlglot
from sigma.rule import SigmaRule
from sqlglot import exp

from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Column
from mcpsoar.kit import stored
from mcpsoar.targets.bridge import pattern
from mcpsoar.targets.bridge.table import Table, named
from mcpsoar.targets.rule import lint, reading

EVENTS = stored.STEPS[-1]  # the table that predicates ask
AT = "event_ms"
_SHOWN = ("event_time", "event_id", "actor_id", "client_id", "server_name", "tool_name", "decision", "status")
_ORDER = ("event_time", "event_id")
_IDENTITY = ("event_id", "ingest_time")


def check(rule: SigmaRule, table: Table) -> None:
    """Raise BadContent, with every complaint, for what no event of our log can have."""
    if not table.is_audit:
        return
    asked = reading.items(rule, "")
    complaints = [why for _, why in lint.misfits(asked, (table.columns or {}).values())]
    if complaints:
        raise BadContent("; also ".join(complaints))


def check_field(field: str, table: Table) -> None:
    """Raise BadContent for a field that a correlation reads and our log has not."""
    if table.is_audit and table.column(field) is None:
        raise BadContent(lint.no_column(field, table.columns or ()))


def matching(where: exp.Expression, table: Table, *, at: exp.Expression | None = None) -> exp.Select:
    """One SELECT that gives the events a predicate holds for, ordered."""
    known = table.columns or {}
    query = exp.select(*(_column(name) for name in _SHOWN if name in known))
    query = query.from_(named(EVENTS)).where(where)
    return over(query.order_by(*(_column(name) for name in _ORDER if name in known)), table, at=at)


def over(query: exp.Select, table: Table, *, at: exp.Expression | None = None) -> exp.Select:
    """A query that asks `audit_events` for columns and `event_ms`, under the steps that make it of the table.

    `at` is the time of an event in integer milliseconds, where that is not event_time's.
    """
    asked = {column.name for column in query.find_all(exp.Column)}.union(_IDENTITY)
    columns = [column for name, column in (table.columns or {}).items() if name in asked]
    steps = [
        exp.CTE(this=step, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
        for name, step in zip(stored.STEPS, _steps(columns, table, at), strict=True)
    ]
    own = query.args.get("with_")
    query.set("with_", exp.With(expressions=[*steps, *(own.expressions if own else [])]))
    return query


def _steps(columns: Sequence[Column], table: Table, at: exp.Expression | None) -> list[exp.Expr]:
    names = ", ".join([AT, *(column.name for column in columns)])
    fields, copies, _ = stored.STEPS
    numbered = _quoted(f"SELECT {names}, {stored.COPY_NUMBER} FROM {fields}")
    for window in numbered.find_all(exp.Window):
        window.args["partition_by"][0].meta[pattern.CASED] = True  # no id is another one's in other letters
    counted = _quoted(f"SELECT {names} FROM {copies} WHERE {stored.COUNTED}")
    return [_read(columns, table, at), numbered, counted]


def _read(columns: Sequence[Column], table: Table, at: exp.Expression | None) -> exp.Expr:
    """Columns are named as the table was created, unquoted; from here on all names are quoted."""
    read = sqlglot.parse_one(stored.fields(columns), read="duckdb")
    for alias in read.find_all(exp.Alias):
        alias.args["alias"].args["quoted"] = True
    for values in read.find_all(exp.In):
        values.meta[pattern.CASED] = False
    if at is not None:
        read.expressions[0].set("this", at.copy())
    if table.name != stored.TABLE:
        read.set("from_", exp.From(this=named(table.name)))
    return read


def _quoted(text: str) -> exp.Expr:
    tree = sqlglot.parse_one(text, read="duckdb")
    for name in tree.find_all(exp.Identifier):
        name.args["quoted"] = True
    return tree


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)
