"""What a gate's statement needs to know of each SQL dialect: one expression, from event_time to milliseconds.

Executed in tests on DuckDB and SQLite. The others are the field-tested spellings of their engines, printed
and parsed back only.
"""

from mcpsoar.core.errors import Usage

_UNIX_MS = "UNIX_MILLIS(event_time)"
_EPOCH_PARTS = "CAST(FLOOR(EXTRACT(EPOCH FROM event_time) * 1000) AS BIGINT)"
EVENT_MS = {
    "bigquery": _UNIX_MS,
    "clickhouse": "toUnixTimestamp64Milli(toDateTime64(event_time, 3, 'UTC'))",
    "databricks": _UNIX_MS,
    "duckdb": "EPOCH_US(event_time) // 1000",
    "postgres": _EPOCH_PARTS,
    "redshift": _EPOCH_PARTS,
    "snowflake": "DATE_PART(EPOCH_MILLISECOND, event_time)",
    "spark": "UNIX_MILLIS(CAST(event_time AS TIMESTAMP))",
    # text, 'YYYY-MM-DD HH:MM:SS.mmm' in UTC
    "sqlite": (
        "(CAST(STRFTIME('%s', event_time) AS INTEGER) * 1000 "
        "+ CAST(SUBSTR(event_time || '000', 21, 3) AS INTEGER))"
    ),
    "trino": "CAST(FLOOR(TO_UNIXTIME(event_time) * 1000) AS BIGINT)",
    "tsql": "DATEDIFF_BIG(MILLISECOND, '1970-01-01', event_time)",
}


def known(dialect: str) -> str:
    """The dialect, if it is one of ours. Raises Usage."""
    if dialect not in EVENT_MS:
        raise Usage(f"no SQL dialect {dialect!r} for gates; there are: {', '.join(EVENT_MS)}")
    return dialect
