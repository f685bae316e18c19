# ruff: noqa: S608  # names come from the dictionary, values of enumerations are words in lower case
"""A table `mcp_audit` as its owner filled it, in text of SQL: what every printed statement makes of its rows.

Gates, detections and rules ask it alike: times in milliseconds, enumerations in lower case and nothing but
their values, blanks absent, each identity once. Texts are DuckDB's, with two marks that a printer replaces
by the words of its dialect: `TIME_MARK`, a column, by `EVENT_MS`, and a call of `BARE_MARK` by `BARE`. Run
in tests on DuckDB, SQLite and PostgreSQL; the others are the documented spellings of their engines.
"""

from collections.abc import Iterable

from mcpsoar.core.event import Column, Kind

TABLE = "mcp_audit"
STEPS = (
    "audit_fields",
    "audit_copies",
    "audit_events",
)  # fields as they mean, copies numbered, each event once
TIME_MARK = "EVENT_MS_HERE"
BARE_MARK = "BARE_HERE"
# of several rows with one identity the first received counts; a row without an id is its own event
COPY_NUMBER = "ROW_NUMBER() OVER (PARTITION BY event_id, event_ms ORDER BY ingest_time) AS copy_number"
COUNTED = "copy_number = 1 OR event_id IS NULL"

_UNIX_MS = "UNIX_MILLIS(event_time)"
_EPOCH_PARTS = "CAST(FLOOR(EXTRACT(EPOCH FROM event_time) * 1000) AS BIGINT)"
EVENT_MS = {
    "bigquery": _UNIX_MS,
    "clickhouse": "toUnixTimestamp64Milli(toDateTime64(event_time, 3, 'UTC'))",
    "databricks": _UNIX_MS,
    "duckdb": "EPOCH_US(event_time) // 1000",
    # its reference, "Date and Time Functions": of a TIMESTAMP column, the instant in any session's zone
    "mysql": "CAST(FLOOR(UNIX_TIMESTAMP(event_time) * 1000) AS SIGNED)",
    # one row at 'infinity' would fail the statement for all: no integer is that far
    "postgres": f"CASE WHEN ISFINITE(event_time) THEN {_EPOCH_PARTS} END",
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
# every blank that the prelude knows, by its number: printed as they are, they would not survive a copy
BLANKS = tuple(code for code in range(0x3001) if chr(code).isspace())
_NUMBERS = ", ".join(map(str, BLANKS))
_ESCAPED = "".join(f"\\u{code:04x}" for code in BLANKS)
# a text without the blanks at its ends, or with none at all: only whether anything is left is asked
BARE = {
    "bigquery": f"TRIM({{0}}, CODE_POINTS_TO_STRING([{_NUMBERS}]))",
    # its TRIM takes a set of bytes, not of characters
    "clickhouse": "replaceRegexpAll({0}, '["
    + "".join(f"\\\\x{{{{{code:x}}}}}" for code in BLANKS)
    + "]', '')",
    "databricks": f"TRIM(BOTH '{_ESCAPED}' FROM {{0}})",
    "duckdb": f"TRIM({{0}}, CONCAT({', '.join(f'CHR({code})' for code in BLANKS)}))",
    # its TRIM takes one text, not a set; as digits, because its collations take some characters for nothing
    "mysql": "HEX(REGEXP_REPLACE({0}, '[" + "".join(f"\\\\u{code:04x}" for code in BLANKS) + "]', ''))",
    "postgres": f"TRIM(BOTH E'{_ESCAPED}' FROM {{0}})",
    # its CHR knows ASCII alone
    "redshift": (
        f"BTRIM({{0}}, FROM_VARBYTE(FROM_HEX('{''.join(map(chr, BLANKS)).encode().hex()}'), 'utf8'))"
    ),
    "snowflake": f"TRIM({{0}}, '{_ESCAPED}')",
    "spark": f"TRIM(BOTH '{_ESCAPED}' FROM {{0}})",
    "sqlite": f"TRIM({{0}}, CHAR({_NUMBERS}))",
    "trino": f"TRIM(BOTH U&'{_ESCAPED.replace('u', '')}' FROM {{0}})",
    "tsql": f"TRIM(CONCAT({', '.join(f'NCHAR({code})' for code in BLANKS)}) FROM {{0}})",
}


def fields(columns: Iterable[Column]) -> str:
    """A SELECT over the table: `event_ms`, and these columns under their names, as they mean."""
    listed = ", ".join(f"{_value(column)} AS {column.name}" for column in columns)
    return f"SELECT {TIME_MARK} AS event_ms, {listed} FROM {TABLE}"


def _value(column: Column) -> str:
    if column.kind is Kind.ENUM:
        values = ", ".join(f"'{value}'" for value in column.values)
        return f"CASE WHEN LOWER({column.name}) IN ({values}) THEN LOWER({column.name}) END"
    if column.kind is Kind.TEXT:
        return f"CASE WHEN {BARE_MARK}({column.name}) <> '' THEN {column.name} END"
    return column.name
