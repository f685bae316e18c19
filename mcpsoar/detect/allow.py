"""The allow-list: the few kinds of SQL that mean the same on every engine. Everything else is an error.

The transpiler is no safety net: it hands functions it does not know to any engine unchanged. The list is
what was executed alike on DuckDB, PostgreSQL, SQLite, ClickHouse and Spark.
"""

from collections.abc import Collection, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from mcpsoar.core.errors import BadContent

DEPTH = 20
_LONGEST = 20_000
_FRAME = (exp.Select, exp.From, exp.Table, exp.Alias, exp.Where)
_VALUES = (exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Placeholder, exp.Neg)
_LOGIC = (exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_TESTS = (exp.Is, exp.In, exp.Between)
_ACTS = (exp.Case, exp.If, exp.Coalesce, exp.Lower, exp.Trim, exp.Add, exp.Sub, exp.Mul)
ALLOWED = (*_FRAME, *_VALUES, *_LOGIC, *_TESTS, *_ACTS)
_CHAINS = (exp.And, exp.Or)
_CLAUSES = ("expressions", "from_", "where")


def parse(sql: str, *, path: str, first_line: int) -> exp.Select:
    """One SELECT of allowed nodes over mcp_audit. Raises BadContent with file:line for anything else."""
    tree = statement(sql, path=path, first_line=first_line)
    if not isinstance(tree, exp.Select):
        raise BadContent("is not exactly one SELECT", where=f"{path}:{first_line}")
    _check(tree, path, first_line)
    return tree


def statement(sql: str, *, path: str, first_line: int) -> exp.Query:
    """One query of whatever nodes. Raises BadContent with file:line for what is none, or is several."""
    try:
        if len(sql) > _LONGEST:
            raise BadContent(f"is longer than {_LONGEST} characters", where=f"{path}:{first_line}")
        statements = [one for one in sqlglot.parse(sql, dialect="duckdb") if one is not None]
    except SqlglotError as error:
        line = getattr(error, "errors", [{}])[0].get("line") if getattr(error, "errors", None) else None
        said = str(error).splitlines()[0].partition(". Line")[0]
        raise BadContent(f"is no SQL: {said}", where=f"{path}:{first_line + (line or 1) - 1}") from None
    except (RecursionError, AttributeError):
        # the parser itself gives up on deep or odd nesting, and not always with its own error
        raise BadContent("is nested too deeply to be read", where=f"{path}:{first_line}") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise BadContent("is not exactly one SELECT", where=f"{path}:{first_line}")
    return statements[0]


def _check(tree: exp.Select, path: str, first_line: int) -> None:
    for node, where in nodes(tree, ALLOWED, DEPTH, path=path, first_line=first_line):
        if isinstance(node, exp.Select):
            for key in (key for key, value in node.args.items() if value and key not in _CLAUSES):
                raise BadContent(f"a gate has no {key.strip('_').upper()}: one row per event", where=where)
        if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest")):
            raise BadContent("IN takes a list of values", where=where)


def nodes(
    tree: exp.Expr, allowed: Collection[type], depth: int, *, path: str, first_line: int
) -> Iterator[tuple[exp.Expr, str]]:
    """Every node with its file:line. Raises BadContent at one that is not allowed, or is too deep."""
    for node, at in _walk(tree):
        where = f"{path}:{first_line + line(node) - 1}"
        if at > depth:
            raise BadContent(f"is nested deeper than {depth}", where=where)
        if type(node) not in allowed:
            raise BadContent(
                f"{_name(node)} is not among the SQL that means the same everywhere", where=where
            )
        if isinstance(node, exp.In) and any(isinstance(one, exp.Null) for one in node.expressions):
            raise BadContent("IN with a NULL in it is neither true nor false", where=where)
        if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null | exp.Not):
            raise BadContent("IS is for NULL alone; compare booleans with =", where=where)
        yield node, where


def line(node: exp.Expr) -> int:
    """The line a node stands on, from 1; its first part that knows, or its parent's."""
    known = (one.meta.get("line") for one in node.walk())
    found = next((number for number in known if number), None)
    if found is None and node.parent is not None:
        found = line(node.parent)
    return int(found or 1)


def _walk(tree: exp.Expr) -> Iterator[tuple[exp.Expr, int]]:
    stack: list[tuple[exp.Expr, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        for child in node.iter_expressions():
            same = isinstance(node, _CHAINS) and type(child) is type(node)
            stack.append((child, depth if same else depth + 1))


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return f"the function {node.name}"
    kind = "the function" if isinstance(node, exp.Func) else "the node"
    return f"{kind} {type(node).__name__}"
