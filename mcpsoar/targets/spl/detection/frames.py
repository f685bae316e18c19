"""What OVER (…) says, read: the function, the partition, the order and the frame."""

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from mcpsoar.core.errors import Unsupported


@dataclass(frozen=True, slots=True)
class Frame:
    """`kind`: whole (no order), running (to the last peer), before (without peers), sliding (RANGE of
    `reach` ms), rows (ROWS of `reach` before), or place (row_number, lag, lead).
    """

    kind: str
    reach: int = 0


@dataclass(frozen=True, slots=True)
class Over:
    """One window function."""

    node: exp.Window
    function: exp.Expr
    partition: tuple[exp.Expr, ...]
    order: tuple[exp.Expr, ...]
    frame: Frame

    @property
    def sorting(self) -> tuple[Any, ...]:
        """Functions that are alike in this are computed over one order."""
        reach = self.frame.reach if self.frame.kind == "sliding" else None
        is_back = isinstance(self.function, exp.Lead)
        return (
            *(one.sql() for one in self.partition),
            "",
            *(one.sql() for one in self.order),
            reach,
            is_back,
        )

    @property
    def argument(self) -> exp.Expr:
        found: exp.Expr = self.function.this
        return found

    @property
    def is_total(self) -> bool:
        """Whether no two rows are alike in its order."""
        return bool(self.order) and self.order[-1].name == "event_key"


def read(node: exp.Window) -> Over:
    """Raises Unsupported."""
    ordering = node.args.get("order")
    order = tuple(_ascending(one) for one in ordering.expressions) if ordering else ()
    partition = tuple(node.args.get("partition_by") or ())
    return Over(node, node.this, partition, order, _frame(node, is_ordered=bool(order)))


def _ascending(one: exp.Ordered) -> exp.Expr:
    if one.args.get("desc"):
        raise Unsupported("a window in descending order is not said in SPL")
    found: exp.Expr = one.this
    return found


def _frame(node: exp.Window, *, is_ordered: bool) -> Frame:
    if isinstance(node.this, exp.RowNumber | exp.Lag | exp.Lead):
        return Frame("place")
    spec = node.args.get("spec")
    if spec is None:
        return Frame("running" if is_ordered else "whole")
    kind, start, end = str(spec.args["kind"]).upper(), spec.args.get("start"), spec.args.get("end")
    sides = (spec.args.get("start_side"), spec.args.get("end_side"))
    match kind, _bound(start), sides[0], _bound(end), sides[1]:
        case "RANGE", int(reach), "PRECEDING", "CURRENT ROW", _:
            return Frame("sliding", reach)
        case "ROWS", int(reach), "PRECEDING", "CURRENT ROW", _:
            return Frame("rows", reach)
        case "RANGE", "UNBOUNDED", "PRECEDING", 1, "PRECEDING":
            return Frame("before")
        case "RANGE", "UNBOUNDED", "PRECEDING", "CURRENT ROW", _:
            return Frame("running")
    raise Unsupported(f"the frame {spec.sql('duckdb')} is not said in SPL")


def _bound(bound: Any) -> int | str:
    return int(bound.this) if isinstance(bound, exp.Literal) else str(bound).upper()
