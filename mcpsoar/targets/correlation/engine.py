"""Which engines have what windows that slide need; the others are refused by name and reason.

A frame `RANGE BETWEEN <number> PRECEDING` over a number is in DuckDB, SQLite (3.28), PostgreSQL (11) and,
by their references, in MySQL 8 ("Window Function Frame Specification"), BigQuery ("Window function calls"),
Spark ("Window Functions"), Databricks ("Window frame clause"), Trino (release 346), Snowflake ("Window
function syntax and usage") and ClickHouse ("Window functions": RANGE works with any numeric type). Executed
on the first three. No engine's percentile or median is asked: they are counted in such frames.
BigQuery partitions by no floating-point number ("Window function calls") and says so itself.
"""

from sigma.correlations import SigmaCorrelationRule, SigmaCorrelationType
from sqlglot import Dialect, exp

from mcpsoar.core.errors import Unsupported

_CLICKHOUSE_MS = 2**31 - 1  # ClickHouse/ClickHouse#72227: the number of a frame is a 32-bit integer


def refuse(rule: SigmaCorrelationRule, dialect: str) -> None:
    """Raise Unsupported for what one engine cannot do, or would do otherwise."""
    kind = rule.type
    where = None if rule.source is None else str(rule.source)
    reason = None
    if dialect == "redshift":  # its reference, "Window function syntax summary": ROWS alone
        reason = "it has no RANGE over a number of milliseconds"
    elif dialect == "clickhouse" and kind is SigmaCorrelationType.VALUE_COUNT:
        # its reference of lagInFrame: the default value of the column's type where there is no row
        reason = "its LAG and LEAD give 0, not NULL, where there is no row"
    elif (
        dialect == "clickhouse"
        and kind is not SigmaCorrelationType.TEMPORAL_ORDERED  # its frames are unbounded
        and rule.timespan.seconds * 1000 > _CLICKHOUSE_MS
    ):
        reason = f"its RANGE reaches {_CLICKHOUSE_MS} milliseconds back at most, not quite 25 days"
    elif dialect == "mysql" and (rule.group_by or kind is SigmaCorrelationType.VALUE_COUNT):
        reason = "MySQL compares text without regard to case by default: groups and values would merge"
    if reason is not None:
        raise Unsupported(f"{kind.name.lower()} cannot be said in {dialect}: {reason}", where=where)


def ordered(tree: exp.Select, dialect: str) -> exp.Select:
    """The statement without a word of NULLs in its orders: no time is NULL, and not all can say it."""
    ordering = Dialect.get_or_raise(dialect).NULL_ORDERING
    for one in tree.find_all(exp.Ordered):
        one.set("nulls_first", ordering == "nulls_are_small")
    return tree
