"""The bridge's expressions as text of one SQL dialect.

sqlglot prints the tree; what dialects differ in without its noticing is rewritten or refused here. Executed
on DuckDB and SQLite; the other dialects are printed only.
"""

from collections.abc import Callable

from sqlglot import ErrorLevel, exp

from mcpsoar.core.errors import Unsupported, Usage
from mcpsoar.targets.bridge import pattern

DIALECTS = (
    "bigquery",
    "clickhouse",
    "databricks",
    "duckdb",
    "mysql",
    "postgres",
    "redshift",
    "snowflake",
    "spark",
    "sqlite",
    "trino",
)
_NO_ESCAPE = ("bigquery", "clickhouse")


def known(dialect: str) -> str:
    """The dialect, if it is one of ours. Raises Usage.

    T-SQL and Oracle have no boolean values to fold NULL away with; they are not among them.
    """
    if dialect not in DIALECTS:
        raise Usage(f"no SQL dialect {dialect!r} for rules; there are: {', '.join(DIALECTS)}")
    return dialect


def text(tree: exp.Expression, dialect: str, *, pretty: bool = False) -> str:
    """Print one tree. Raises Unsupported for what the dialect cannot say."""
    if dialect == "mysql" and any(node.meta.get(pattern.CASED) for node in tree.walk()):
        raise Unsupported("|cased: MySQL compares text without regard to case by default")
    fitted = tree.copy().transform(_fit, dialect)
    return fitted.sql(dialect=dialect, pretty=pretty, unsupported_level=ErrorLevel.RAISE)


def _fit(node: exp.Expression, dialect: str) -> exp.Expression:
    if not isinstance(node, exp.Escape):
        return node
    like = node.this
    if dialect == "sqlite" and node.meta.get(pattern.CASED):
        return exp.Glob(this=like.this, expression=_changed(like.expression, pattern.glob))
    if dialect in _NO_ESCAPE:
        return exp.Like(this=like.this, expression=_changed(like.expression, pattern.backslashed))
    return node


def _changed(literal: exp.Expression, change: Callable[[str], str]) -> exp.Expression:
    """The pattern may stand inside LOWER(…), where its text is not ASCII."""
    return literal.transform(
        lambda node: exp.Literal.string(change(node.this)) if isinstance(node, exp.Literal) else node
    )
