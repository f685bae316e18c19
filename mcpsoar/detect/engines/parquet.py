"""How DuckDB is made to read Parquet as JSON text, with the row that each event stands in."""

from collections.abc import Sequence

from mcpsoar.core.event import Column
from mcpsoar.detect import prelude
from mcpsoar.detect.engines.duckdb import Connection, paths, quoted, rows
from mcpsoar.detect.view import View

_TIMES = ("TIMESTAMP", "DATE")


def packed(connection: Connection, log: str, columns: Sequence[Column]) -> View:
    """Raises the engine's Failure for what is no Parquet."""
    relation = f"read_parquet({paths([log])}, file_row_number = true, hive_partitioning = false)"
    kinds = {name: kind for name, kind, *_ in rows(connection, f"DESCRIBE SELECT * FROM {relation}")}
    here = [column for column in columns if column.name in kinds]
    told = [f"{_text(column.name, kinds.get(column.name))} AS {quoted(column.name)}" for column in columns]
    return View(
        text=f"(SELECT {', '.join(told)}, file_row_number FROM {relation})",
        here=here,
        has_rows=True,
    )


def _text(name: str, kind: str | None) -> str:
    if kind is None:
        return "CAST(NULL AS VARCHAR)"
    if kind.startswith(_TIMES):
        at = f"CAST({quoted(name)} AS TIMESTAMPTZ)"
        at_ms = f"epoch_us({at}) // 1000"
        # a number so small would be taken for seconds
        early = f"strftime({at}, '\"%Y-%m-%dT%H:%M:%S.%gZ\"')"
        return f"CASE WHEN {at_ms} < {prelude.EPOCH_SPLIT} THEN {early} ELSE CAST({at_ms} AS VARCHAR) END"
    return f"CAST(to_json({quoted(name)}) AS VARCHAR)"
