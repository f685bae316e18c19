"""The allow-list of detections: rows joined, grouped and counted over windows, where every engine agrees.

What a gate may say, and beyond it: WITH, joins, GROUP BY and windows. A window is counted over milliseconds,
or over rows in an order. Events alike in time have none where their key does not decide it; any other order
has to prove itself, in the laws that ask every detection of a pack on two engines.
"""

from collections.abc import Collection

from sqlglot import exp

from mcpsoar.core.errors import BadContent
from mcpsoar.detect import allow

DEPTH = 40
_CLAUSES = ("with_", "expressions", "distinct", "from_", "joins", "where", "group", "having", "windows")
_SHAPE = (exp.With, exp.CTE, exp.TableAlias, exp.Join, exp.Group, exp.Having, exp.Union, exp.Subquery)
_PICKS = (exp.Exists, exp.Distinct, exp.Star, exp.Abs, exp.Mod)
_COUNTS = (exp.Count, exp.Min, exp.Max, exp.Sum)
_BY_PLACE = (exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue)
_WINDOWS = (exp.Window, exp.WindowSpec, exp.Order, exp.Ordered)
_ALLOWED = frozenset(
    {*allow.ALLOWED, *_SHAPE, *_PICKS, *_COUNTS, *_BY_PLACE, *_WINDOWS} - {exp.Placeholder, exp.Trim}
)
_SIDES = {("", ""), ("", "INNER"), ("LEFT", ""), ("LEFT", "OUTER"), ("", "CROSS")}


def parse(sql: str, *, path: str, first_line: int) -> exp.Query:
    """One query of allowed nodes, its named windows written out. Raises BadContent with file:line."""
    tree = allow.statement(sql, path=path, first_line=first_line)
    for node, where in allow.nodes(tree, _ALLOWED, DEPTH, path=path, first_line=first_line):
        _check_shape(node, tree, where)
        _check_value(node, where)
    crosses = [one for one in tree.find_all(exp.Join) if one.kind.upper() == "CROSS"]
    if len(crosses) > 1:
        where = f"{path}:{first_line + allow.line(crosses[1]) - 1}"
        raise BadContent("one CROSS JOIN is enough: two multiply rows without end", where=where)
    _write_out(tree, path, first_line)
    for window in tree.find_all(exp.Window):
        _check_window(window, f"{path}:{first_line + allow.line(window) - 1}")
    return tree


def _check_shape(node: exp.Expr, tree: exp.Query, where: str) -> None:
    if isinstance(node, exp.Select):
        _only(node, _CLAUSES, where)
    if isinstance(node, exp.Union):
        _only(node, ("with_", "this", "expression", "distinct"), where)
    if isinstance(node, exp.Subquery):
        _only(node, ("this", "alias"), where)
    if isinstance(node, exp.Group):
        _only(node, ("expressions",), where)
        if any(isinstance(one, exp.Literal) for one in node.expressions):
            raise BadContent("GROUP BY names what it groups by", where=where)
    if isinstance(node, exp.With) and (node.parent is not tree or node.args.get("recursive")):
        raise BadContent("WITH stands once, at the top, and is not recursive", where=where)
    if isinstance(node, exp.CTE):
        _only(node, ("this", "alias"), where)
    if isinstance(node, exp.TableAlias) and node.args.get("columns"):
        raise BadContent("columns are named where they are selected", where=where)
    if isinstance(node, exp.Join):
        _only(node, ("this", "on", "side", "kind"), where)
        if (node.side.upper(), node.kind.upper()) not in _SIDES:
            raise BadContent("a join is JOIN, LEFT JOIN or CROSS JOIN", where=where)
        if (node.args.get("on") is None) is not (node.kind.upper() == "CROSS"):
            raise BadContent("a join says ON what, and a CROSS JOIN does not", where=where)
        on = node.args.get("on")
        if on is not None and not any(map(_ties, on.flatten() if isinstance(on, exp.And) else [on])):
            raise BadContent("a join says ON a column of one side = a column of the other", where=where)


def _ties(condition: exp.Expr) -> bool:
    """Whether it is an equality that ties two sides: without one, each row meets every other."""
    condition = condition.unnest()
    if not isinstance(condition, exp.EQ):
        return False
    left, right = (
        {one.table for one in side.find_all(exp.Column)} for side in (condition.this, condition.expression)
    )
    return bool(left and right) and (left != right or left == {""})


def _check_value(node: exp.Expr, where: str) -> None:
    if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
        raise BadContent("a star is for COUNT(*); name the columns", where=where)
    if isinstance(node, exp.Distinct) and not isinstance(node.parent, exp.Count | exp.Select):
        raise BadContent("DISTINCT is for SELECT and COUNT", where=where)
    if isinstance(node, exp.Distinct) and (node.args.get("on") or len(node.expressions) > 1):
        raise BadContent("DISTINCT takes one column, or the whole row", where=where)
    if isinstance(node, exp.Literal) and not node.is_string and not node.is_int:
        raise BadContent("numbers are whole", where=where)
    if isinstance(node, exp.In) and node.args.get("unnest"):
        raise BadContent("IN takes a list of values or a query", where=where)
    if isinstance(node, _BY_PLACE) and not isinstance(node.parent, exp.Window):
        raise BadContent("needs OVER (…)", where=where)


def _write_out(tree: exp.Query, path: str, first_line: int) -> None:
    """Put each named window where it is used: not every engine knows WINDOW."""
    for select in list(tree.find_all(exp.Select)):
        named = {one.name: one for one in select.args.get("windows") or []}
        for window in list(select.find_all(exp.Window)):
            name = window.args.get("alias")
            if name is None or window.find_ancestor(exp.Select) is not select:
                continue
            where = f"{path}:{first_line + allow.line(window) - 1}"
            meant = named.get(name.name)
            if meant is None or any(window.args.get(key) for key in ("partition_by", "order", "spec")):
                raise BadContent(f"OVER {name.name} is one window of this SELECT, as it is", where=where)
            window.set("alias", None)
            for key in ("partition_by", "order", "spec"):
                part = meant.args.get(key)
                copied = [one.copy() for one in part] if isinstance(part, list) else part and part.copy()
                window.set(key, copied)
        select.set("windows", None)


def _check_window(window: exp.Window, where: str) -> None:
    spec, order = window.args.get("spec"), window.args.get("order")
    if window.this.find(exp.Distinct):
        raise BadContent("DISTINCT is not counted over a window", where=where)
    names = [one.this.name for one in order.expressions] if order else []
    by_place = isinstance(window.this, _BY_PLACE) or (spec and str(spec.args.get("kind")).upper() != "RANGE")
    if by_place and not names:
        raise BadContent("rows have no order but the one that OVER (ORDER BY …) gives", where=where)
    if by_place and "event_ms" in names and names[-2:] != ["event_ms", "event_key"]:
        raise BadContent(
            "events alike in time are told apart by ORDER BY …, event_ms, event_key", where=where
        )
    if not spec:
        return
    if str(spec.args.get("kind")).upper() == "RANGE" and not (len(names) == 1 and names[0].endswith("_ms")):
        raise BadContent("RANGE is counted over ORDER BY event_ms, in milliseconds", where=where)
    if str(spec.args.get("kind")).upper() not in ("RANGE", "ROWS") or spec.args.get("exclude"):
        raise BadContent("a window is RANGE or ROWS, and leaves nothing out", where=where)
    for bound in (spec.args.get("start"), spec.args.get("end")):
        is_count = isinstance(bound, exp.Literal) and bound.is_int
        if bound is not None and not is_count and str(bound).upper() not in ("CURRENT ROW", "UNBOUNDED"):
            raise BadContent("a window's bounds are whole numbers", where=where)


def _only(node: exp.Expr, clauses: Collection[str], where: str) -> None:
    for key in (key for key, value in node.args.items() if value and key not in clauses):
        said = key.strip("_").upper()
        raise BadContent(f"a detection has no {said} in its {type(node).__name__.upper()}", where=where)
