"""What OVER (…) says, read: the partition, the order and the frame."""

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.es.detection.pairs import Frame


def partition(window: exp.Window) -> str:
    """Its partition as SQL: windows alike in it are said together."""
    return ", ".join(one.sql() for one in window.args.get("partition_by") or [])


def alike(window: exp.Window) -> tuple[str, str, bool]:
    """What can be said at once: a partition and frame, and either counts or extremes."""
    spec = window.args.get("spec")
    return partition(window), spec.sql() if spec else "", isinstance(window.this, exp.Count | exp.Sum)


def order(window: exp.Window) -> list[exp.Expr]:
    """What it is ordered by. Raises Unsupported for DESC."""
    ordered = window.args["order"].expressions
    if any(one.args.get("desc") for one in ordered):
        raise Unsupported("ORDER BY … DESC")
    return [one.this for one in ordered]


def is_rows(window: exp.Window) -> bool:
    """Whether its frame counts rows."""
    spec = window.args.get("spec")
    return spec is not None and str(spec.args.get("kind")).upper() == "ROWS"


def frame(window: exp.Window) -> Frame:
    """Its frame of time. Raises Unsupported."""
    spec = window.args.get("spec")
    if spec is None:
        return Frame(None)
    start, end = spec.args["start"], spec.args.get("end")
    if isinstance(start, str) and start != "UNBOUNDED":
        raise Unsupported("a window that starts at its own row")
    if isinstance(end, exp.Expr) and spec.args.get("end_side") != "PRECEDING":
        raise Unsupported("a window that sees what comes")
    return Frame(
        int(start.name) if isinstance(start, exp.Expr) else None,
        int(end.name) if isinstance(end, exp.Expr) else 0,
    )


def is_marked_time(window: exp.Window) -> bool:
    """Whether it is MAX(CASE WHEN … THEN event_ms END)."""
    of = window.this.this
    if not isinstance(window.this, exp.Max) or not isinstance(of, exp.Case) or of.args.get("default"):
        return False
    return len(of.args["ifs"]) == 1 and of.args["ifs"][0].args["true"].name == "event_ms"
