"""What rules and detections cost at the least: counted by the engine over typed fields, nothing checked."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlglot import exp

from mcpsoar.core.event import Column, Kind
from mcpsoar.detect.detection import Detection
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
COUNTED = (  # what the numerators of the gates read
    "event_time",
    "event_kind",
    "server_name",
    "action_class",
    "decision",
    "approval_id",
    "scope_match",
    "manifest_hash",
    "pinned_manifest_hash",
    "registry_status",
    "environment",
    "classifier_result",
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
    detections: Sequence[Detection] = (),
) -> tuple[Any, ...]:
    """One row: the `counts`, how many events each predicate holds for, what each detection matches, the ids.

    `names` are the columns that the log has; the others are NULL. Enumerations are folded, nothing else is
    checked. Detections need a table: then what is counted and what they read is kept in one.
    """
    own = [column for column in columns if column.name in names]
    read = ", ".join(f"{column.name}: '{_type(column)}'" for column in own)
    derived = [
        f"{column.derived} AS {column.name}"
        for column in columns
        if column.derived and column.name not in names
    ]
    source = (
        f"(SELECT *, {', '.join(derived)} "
        f"FROM (SELECT TIMESTAMPTZ '{as_of}' AS as_of, {', '.join(_fields(columns, names))} "
        f"FROM read_json('{log}', columns = {{{read}}}, format = 'newline_delimited', "
        "compression = 'none')))"
    )
    asked = [one.sql("duckdb") for one in predicates.values()]
    with connect(files=[str(log)], folder=str(log.parent)) as connection:
        if detections:
            kept = {name for one in detections for name in one.columns} | set(COUNTED)
            told = [f"{sql} AS p{index}" for index, sql in enumerate(asked)]
            connection.execute(
                "CREATE TEMP TABLE mcp_audit AS SELECT epoch_us(event_time) // 1000 AS event_ms, "
                f"event_id AS event_key, as_of, {', '.join([*sorted(kept), *told])} FROM {source}"
            )
            source, asked = "mcp_audit", [f"p{index}" for index in range(len(asked))]
        filters = [f"count(*) FILTER ({one})" for one in asked]
        ids = f"count(DISTINCT {'event_key' if detections else 'event_id'})"
        *found, distinct = rows(connection, f"SELECT {', '.join([*counts, *filters, ids])} FROM {source}")[0]
        matched = [rows(connection, f"SELECT count(*) FROM ({one.sql})")[0][0] for one in detections]
        return (*found, *matched, distinct)


def _fields(columns: Sequence[Column], names: Sequence[str]) -> Iterator[str]:
    for column in columns:
        if column.name in names:
            folded = f"lower({column.name}) AS {column.name}"
            yield folded if column.kind is Kind.ENUM else column.name
        elif not column.derived:
            yield f"CAST(NULL AS {_type(column)}) AS {column.name}"


def _type(column: Column) -> str:
    return _TYPES.get(column.kind, "VARCHAR")
