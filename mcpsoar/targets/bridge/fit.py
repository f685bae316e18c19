"""What dialects differ in without sqlglot's noticing: rewritten here, or refused by name and reason.

The tree says it as DuckDB does. SQLite has no regular expressions of its own: whoever runs its text registers
the function of `user_functions` first.
"""

from collections.abc import Callable

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.kit import stored
from mcpsoar.targets.bridge import pattern, regex

FUNCTIONS = {  # names that sqlglot has no node for, and that are known to be there
    "clickhouse": ("arrayExists",),
    "databricks": ("EXISTS",),
    "duckdb": (pattern.ANY,),
    "mysql": ("REGEXP_LIKE",),
    "redshift": ("REGEXP_INSTR",),
    "snowflake": ("REGEXP_LIKE",),
    "spark": ("EXISTS",),
    "sqlite": ("JSON_EACH", "STRFTIME"),
    "trino": ("ANY_MATCH",),
}
_ANY = {"clickhouse": "arrayExists", "databricks": "EXISTS", "spark": "EXISTS", "trino": "ANY_MATCH"}
_NO_ESCAPE = ("bigquery", "clickhouse")
_STRFTIME = {"MINUTE": "%M", "HOUR": "%H", "DAY": "%d", "MONTH": "%m", "YEAR": "%Y"}


def fit(tree: exp.Expression, dialect: str) -> exp.Expression:
    """A copy of the tree for one dialect. Raises Unsupported, with the reason alone."""
    return tree.transform(_fit, dialect)


def _fit(node: exp.Expression, dialect: str) -> exp.Expression:
    if dialect == "mysql" and pattern.CASED in node.meta:
        return _exact(node)
    if isinstance(node, exp.Escape):
        return _like(node, dialect)
    if isinstance(node, exp.RegexpLike):
        return _regex(node, dialect)
    if isinstance(node, exp.Anonymous) and node.name == pattern.ANY:
        return _any_element(node, dialect)
    if isinstance(node, exp.Extract):
        return _time_part(node, dialect)
    if isinstance(node, exp.Column) and node.name == stored.TIME_MARK and not node.this.quoted:
        return exp.Var(this=stored.EVENT_MS[dialect])
    if isinstance(node, exp.Anonymous) and node.name == stored.BARE_MARK:
        return exp.Var(this=stored.BARE[dialect].format(node.expressions[0].name))
    return node


def _exact(node: exp.Expression) -> exp.Expression:
    """Text by its code points: MySQL's default collation ignores case and accents.

    Its manual, "Unicode Character Sets": utf8mb4_0900_bin compares so, and takes no blank at an end for
    nothing as utf8mb4_bin does. It asks for MySQL 8.0.17.
    """
    text = node
    while isinstance(text, exp.Escape | exp.EQ | exp.In | exp.Like):
        text = text.this
    kind = exp.DataType(this=exp.DType.CHARACTER_SET, kind=exp.Var(this="utf8mb4"))
    exact = exp.Collate(this=exp.Cast(this=text.copy(), to=kind), expression=exp.Var(this="utf8mb4_0900_bin"))
    if text is node:
        return exact
    text.replace(exact)
    return node


def _like(node: exp.Escape, dialect: str) -> exp.Expression:
    like = node.this
    if dialect == "sqlite" and node.meta.get(pattern.CASED):
        return exp.Glob(this=like.this, expression=_changed(like.expression, pattern.glob))
    if dialect in _NO_ESCAPE:
        return exp.Like(this=like.this, expression=_changed(like.expression, pattern.backslashed))
    return node


def _regex(node: exp.RegexpLike, dialect: str) -> exp.Expression:
    wanted: regex.Pattern = node.meta[pattern.REGEX]
    left = node.this
    if dialect == "snowflake":  # anchored there: anything may stand before and after
        text = exp.Literal.string(f".*({regex.fitted(wanted, dialect)}).*")
        flags = "s" + "".join(sorted(wanted.flags - {"s"}))
        return exp.Anonymous(this="REGEXP_LIKE", expressions=[left, text, exp.Literal.string(flags)])
    if dialect == "mysql":  # by its collation it would ignore case
        text = exp.Literal.string(regex.prefixed(wanted, dialect))
        case = exp.Literal.string("i" if "i" in wanted.flags else "c")
        return exp.Anonymous(this="REGEXP_LIKE", expressions=[left, text, case])
    if dialect == "redshift":  # its own operators are POSIX; this one has Perl's
        text = exp.Literal.string(regex.prefixed(wanted, dialect))
        one = exp.Literal.number(1)
        found = exp.Anonymous(
            this="REGEXP_INSTR",
            expressions=[left, text, one, one.copy(), exp.Literal.number(0), exp.Literal.string("p")],
        )
        return exp.GT(this=found, expression=exp.Literal.number(0))
    return exp.RegexpLike(this=left, expression=exp.Literal.string(regex.prefixed(wanted, dialect)))


def _any_element(node: exp.Expression, dialect: str) -> exp.Expression:
    asked = node.expressions[0]
    values, each = asked.this, asked.expression
    condition = each.this.transform(_fit, dialect)
    name = each.expressions[0]
    if dialect == "duckdb":
        tried = exp.Transform(this=values, expression=exp.Lambda(this=condition, expressions=[name]))
        return exp.Anonymous(this=pattern.ANY, expressions=[tried])
    if dialect in _ANY:
        test = exp.Lambda(this=condition, expressions=[name])
        order = [test, values] if dialect == "clickhouse" else [values, test]
        return exp.Anonymous(this=_ANY[dialect], expressions=order)
    if dialect == "sqlite":  # a list is JSON text there
        source: exp.Expression = exp.Table(this=exp.Anonymous(this="JSON_EACH", expressions=[values]))
        condition = condition.transform(
            lambda one: exp.to_identifier("value") if isinstance(one, exp.Identifier) and one == name else one
        )
    elif dialect in ("postgres", "bigquery"):
        alias = exp.TableAlias(this=exp.to_identifier("elements"), columns=[name])
        if dialect == "bigquery":
            alias = exp.TableAlias(columns=[name])
        source = exp.Unnest(expressions=[values], alias=alias)
    else:
        raise Unsupported(f"{values.name} is a list, and {dialect} has no test of its elements here")
    found = exp.select(exp.Literal.number(1)).from_(source).where(condition)
    return exp.Exists(this=found)


def _time_part(node: exp.Extract, dialect: str) -> exp.Expression:
    if dialect in ("duckdb", "postgres"):
        return node
    part = node.name.upper()
    if dialect != "sqlite" or part not in _STRFTIME:
        raise Unsupported(f"parts of a time: {part.lower()} was never tried on {dialect}")
    text = exp.Anonymous(this="STRFTIME", expressions=[exp.Literal.string(_STRFTIME[part]), node.expression])
    return exp.Cast(this=text, to=exp.DataType.build("bigint"))


def _changed(literal: exp.Expression, change: Callable[[str], str]) -> exp.Expression:
    """The pattern may stand inside LOWER(…), where its text is not ASCII."""
    return literal.transform(
        lambda node: exp.Literal.string(change(node.this)) if isinstance(node, exp.Literal) else node
    )
