"""The bridge's expressions as text of one SQL dialect.

sqlglot prints the tree; what dialects differ in without its noticing is rewritten or refused in `fit`, and
what nobody has looked at is refused here, because sqlglot passes on what it does not know. Executed on
DuckDB, SQLite and PostgreSQL; the other dialects are printed only.
"""

from sqlglot import ErrorLevel, exp

from mcpsoar.core.errors import Unsupported, Usage
from mcpsoar.targets.bridge import fit

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
_ALLOWED = (
    *(exp.Add, exp.Alias, exp.And, exp.Boolean, exp.Case, exp.Coalesce, exp.Column, exp.DataType, exp.EQ),
    *(exp.Escape, exp.Exists, exp.Extract, exp.From, exp.GT, exp.GTE, exp.Glob, exp.Identifier, exp.If),
    *(exp.In, exp.Is, exp.LT, exp.LTE, exp.Lambda, exp.Length, exp.Like, exp.Literal, exp.Lower, exp.Neg),
    *(exp.Not, exp.Null, exp.Or, exp.Order, exp.Ordered, exp.Paren, exp.RegexpLike, exp.Select, exp.Star),
    *(exp.StrPosition, exp.Sub, exp.Substring, exp.Table, exp.TableAlias, exp.Transform, exp.TryCast),
    *(exp.Cast, exp.Unnest, exp.Var, exp.Where),
    *(exp.CTE, exp.Count, exp.Group, exp.Join, exp.Lag, exp.Lead, exp.Max, exp.Mul, exp.NEQ, exp.Sum),
    *(exp.Collate, exp.RowNumber, exp.Union, exp.Window, exp.WindowSpec, exp.With),
)


def known(dialect: str) -> str:
    """The dialect, if it is one of ours. Raises Usage.

    T-SQL and Oracle have no boolean values to fold NULL away with; they are not among them.
    """
    if dialect not in DIALECTS:
        raise Usage(f"no SQL dialect {dialect!r} for rules; there are: {', '.join(DIALECTS)}")
    return dialect


def text(tree: exp.Expression, dialect: str, *, pretty: bool = False) -> str:
    """Print one tree. Raises Unsupported for what the dialect cannot say."""
    fitted = fit.fit(tree, dialect)
    for node in fitted.walk():
        known_function = isinstance(node, exp.Anonymous) and node.name in fit.FUNCTIONS.get(dialect, ())
        if not known_function and type(node) not in _ALLOWED:
            raise Unsupported(f"{type(node).__name__} was never tried on {dialect}")
    return fitted.sql(dialect=dialect, pretty=pretty, unsupported_level=ErrorLevel.RAISE)
