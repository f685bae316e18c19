"""What a gate's statement needs to know of each SQL dialect: event_time in milliseconds, and blanks.

Executed in tests on DuckDB and SQLite. The others are the documented spellings of their engines, printed
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


def known(dialect: str) -> str:
    """The dialect, if it is one of ours. Raises Usage."""
    if dialect not in EVENT_MS:
        raise Usage(f"no SQL dialect {dialect!r} for gates; there are: {', '.join(EVENT_MS)}")
    return dialect
