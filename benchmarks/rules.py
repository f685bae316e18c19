"""What the rules cost at the least: their own predicates counted by the engine over typed fields."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlglot import exp

from mcpsoar.core.event import Column, Kind
from mcpsoar.detect.engines.duckdb import connect, rows

SEVEN = (
    "call_chain_too_deep",
    "manifest_drift_outside_window",
    "secret_in_tool_output",
    "shadow_server_in_production",
    "token_for_other_audience",
    "write_after_untrusted_content",
    "write_by_read_only_principal",
)
_TYPES = {
    Kind.BOOL: "BOOLEAN",
    Kind.INTEGER: "BIGINT",
    Kind.NUMBER: "DOUBLE",
    Kind.TIME: "TIMESTAMPTZ",
    Kind.TEXTS: "VARCHAR[]",
}


def raw_pass(
    log: Path,
    *,
    columns: Sequence[Column],
    names: Sequence[str],
    counts: Sequence[str],
    predicates: Mapping[str, exp.Expression],
    as_of: str,
) -> tuple[Any, ...]:
    """One row: the `counts`, how many events each predicate holds for, the distinct ids.

    `names` are the columns that the log has; the others are NULL. Enumerations are folded, nothing else is
    checked.
    """
    own = [column for column in columns if column.name in names]
    read = ", ".join(f"{column.name}: '{_type(column)}'" for column in own)
    derived = [
        f"{column.derived} AS {column.name}"
        for column in columns
        if column.derived and column.name not in names
    ]
    asked = [*counts, *(f"count(*) FILTER ({one.sql('duckdb')})" for one in predicates.values())]
    with connect(files=[str(log)]) as connection:
        return rows(
            connection,
            f"SELECT {', '.join(asked)}, count(DISTINCT event_id) "
            f"FROM (SELECT *, {', '.join(derived)} "
            f"FROM (SELECT TIMESTAMPTZ '{as_of}' AS as_of, {', '.join(_fields(columns, names))} "
            f"FROM read_json('{log}', columns = {{{read}}}, format = 'newline_delimited', "
            "compression = 'none')))",
        )[0]


def _fields(columns: Sequence[Column], names: Sequence[str]) -> Iterator[str]:
    for column in columns:
        if column.name in names:
            folded = f"lower({column.name}) AS {column.name}"
            yield folded if column.kind is Kind.ENUM else column.name
        elif not column.derived:
            yield f"CAST(NULL AS {_type(column)}) AS {column.name}"


def _type(column: Column) -> str:
    return _TYPES.get(column.kind, "VARCHAR")
