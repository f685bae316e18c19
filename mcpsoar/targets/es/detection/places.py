"""Which place of ROW_NUMBER is asked for: one alone can be told, by the least texts of a partition."""

from collections.abc import Sequence

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.es.detection import counts


def asked(window: exp.Window, todo: Sequence[exp.Expr], table: str) -> int:
    """The one place that `todo` asks of a column of this table; whatever else a row's place is, is not told.

    Raises Unsupported where it asks for anything else.
    """
    alias = window.parent.alias if window.parent is not None else ""
    readers = [tree for tree in todo if table in [one.name for one in tree.find_all(exp.Table)]]
    compared = list(counts.comparisons(readers, {alias}, (exp.EQ, exp.NEQ, *counts.COMPARED)))
    read = [one for tree in readers for one in tree.find_all(exp.Column) if one.name == alias]
    if len(read) != len(compared):
        raise Unsupported(f"{alias}: ROW_NUMBER that is not only compared with a number")
    found = {_place(one) for one in compared}
    if len(found) != 1:
        raise Unsupported(f"{alias} is asked for {len(found)} places: a partition has no numbers here")
    return found.pop()


def _place(compared: exp.Expr) -> int:
    number = compared.expression
    is_first = isinstance(compared, exp.GT) and number.name == "1"
    if not (isinstance(number, exp.Literal) and (isinstance(compared, exp.EQ) or is_first)):
        raise Unsupported(f"{compared.sql()}: ROW_NUMBER other than = or > 1")
    return int(number.name)
