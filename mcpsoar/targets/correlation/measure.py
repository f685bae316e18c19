# ruff: noqa: S608  # only names made here and numbers are in the text; what users name stands in trees
"""What each type of correlation measures in a window, as SQL over the rows of `mcpsoar_hits`.

Steps are named `mcpsoar_…`, like no table of anybody's. Rows have `at_ms`, `k0…` (group), `v0…` (values) and
`m0…` (1 where that rule matched). A window frame holds all rows of one instant, so order among ties never
matters.
"""

from dataclasses import dataclass

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionItem,
    CorrelationConditionNOT,
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaCorrelationType,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)

from mcpsoar.core.errors import Unsupported

_OPERATORS = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">=", "EQ": "=", "NEQ": "<>"}
_VALUED = ("VALUE_SUM", "VALUE_AVG", "VALUE_PERCENTILE", "VALUE_MEDIAN")


@dataclass(frozen=True, slots=True)
class Shape:
    """The layout of the rows: how many keys, values and rules, and the window in milliseconds."""

    keys: int
    values: int
    rules: tuple[str, ...]
    window_ms: int

    def over(self, frame: str, *, also: str = "") -> str:
        """An OVER clause by group, `also` narrowing the group further."""
        by = ", ".join([*(f"k{n}" for n in range(self.keys)), *([also] if also else [])])
        return f"OVER ({f'PARTITION BY {by} ' if by else ''}ORDER BY at_ms {frame})"

    @property
    def window(self) -> str:
        """The half-open window (at - timespan, at]."""
        return self.over(f"RANGE BETWEEN {self.window_ms - 1} PRECEDING AND CURRENT ROW")

    @property
    def past(self) -> str:
        """All of the group up to and with this instant."""
        return self.over("RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW")


@dataclass(frozen=True, slots=True)
class Measure:
    """CTEs to add (name, text), the last one's measured columns, and the condition over them."""

    steps: tuple[tuple[str, str], ...]
    condition: str


def of(rule: SigmaCorrelationRule, shape: Shape) -> Measure:
    """The measure of one rule. Raises Unsupported for a condition without a meaning here."""
    kind, condition = rule.type, rule.condition
    if kind is SigmaCorrelationType.TEMPORAL:
        return _temporal(condition, shape)
    if kind is SigmaCorrelationType.TEMPORAL_ORDERED:
        return _ordered(condition, shape)
    if not isinstance(condition, SigmaCorrelationCondition):
        raise Unsupported(f"{kind.name.lower()} wants a number to compare with")
    operator, count = _OPERATORS[condition.op.name], condition.count
    if kind is SigmaCorrelationType.EVENT_COUNT:
        return _seen(f"COUNT(*) {shape.window} AS measured", f"measured {operator} {count}")
    if kind is SigmaCorrelationType.VALUE_COUNT:
        return _distinct(shape, f"measured {operator} {count}")
    # of nothing it is NULL; of doubles, because integers of two forged events overflow and fail SQLite
    total = f"SUM(CAST(v0 AS DOUBLE)) {shape.window} AS measured"
    if kind is SigmaCorrelationType.VALUE_SUM:
        return _seen(total, f"measured {operator} {count}")
    if kind is SigmaCorrelationType.VALUE_AVG:  # multiplied out: a quotient rounds differently by engine
        return _seen(f"{total}, COUNT(v0) {shape.window} AS n", f"measured {operator} {count} * n")
    share = 50 if kind is SigmaCorrelationType.VALUE_MEDIAN else condition.percentile
    if share is None or not 0 <= share <= 100:
        raise Unsupported("value_percentile wants `percentile` from 0 to 100 in its condition")
    return _percentile(shape, condition.op.name, count, share)


def is_valued(kind: SigmaCorrelationType) -> bool:
    """Whether the type computes with numbers."""
    return kind.name in _VALUED


def _seen(columns: str, condition: str) -> Measure:
    return Measure((("mcpsoar_seen", f"SELECT *, {columns} FROM mcpsoar_hits"),), condition)


def _distinct(shape: Shape, condition: str) -> Measure:
    """A value enters where its last sight is a window away and leaves a window after its last sight."""
    values = [f"v{n}" for n in range(shape.values)]
    also = ", ".join(values)
    there = " AND ".join(f"{value} IS NOT NULL" for value in values)
    keys = "".join(f"k{n}, " for n in range(shape.keys))
    lag, lead = (f"{name}(at_ms) {shape.over('', also=also)}" for name in ("LAG", "LEAD"))
    size = shape.window_ms
    on = " AND ".join(["t.at_ms = h.at_ms", *(f"t.k{n} = h.k{n}" for n in range(shape.keys))])
    return Measure(
        (
            (
                "mcpsoar_sights",
                f"SELECT {keys}at_ms, {lag} AS was, {lead} AS next FROM mcpsoar_hits WHERE {there}",
            ),
            (
                "mcpsoar_changes",
                (
                    f"SELECT {keys}at_ms, 1 AS change FROM mcpsoar_sights "
                    f"WHERE was IS NULL OR at_ms - was >= {size} "
                    f"UNION ALL SELECT {keys}at_ms + {size} AS at_ms, -1 AS change FROM mcpsoar_sights "
                    f"WHERE next IS NULL OR next - at_ms >= {size} "
                    f"UNION ALL SELECT {keys}at_ms, 0 AS change FROM mcpsoar_hits"
                ),
            ),
            (
                "mcpsoar_sums",
                f"SELECT {keys}at_ms, SUM(change) AS net FROM mcpsoar_changes GROUP BY {keys}at_ms",
            ),
            ("mcpsoar_totals", f"SELECT {keys}at_ms, SUM(net) {shape.past} AS measured FROM mcpsoar_sums"),
            (
                "mcpsoar_seen",
                f"SELECT h.*, t.measured FROM mcpsoar_hits AS h JOIN mcpsoar_totals AS t ON {on}",
            ),
        ),
        condition,
    )


def _percentile(shape: Shape, operator: str, count: int, share: int) -> Measure:
    """By nearest rank, decided by counting the values below: no engine's interpolation is asked."""
    below = f"COUNT(CASE WHEN v0 < {count} THEN 1 END) {shape.window} AS below"
    upto = f"COUNT(CASE WHEN v0 <= {count} THEN 1 END) {shape.window} AS upto"
    less, at_most = (f"({name} > 0 AND {name} * 100 >= {share} * n)" for name in ("below", "upto"))
    judged = {
        "LT": less,
        "LTE": at_most,
        "GT": f"NOT {at_most}",
        "GTE": f"NOT {less}",
        "EQ": f"({at_most} AND NOT {less})",
        "NEQ": f"NOT ({at_most} AND NOT {less})",
    }[operator]
    return _seen(f"COUNT(v0) {shape.window} AS n, {below}, {upto}", f"n > 0 AND {judged}")


def _temporal(condition: object, shape: Shape) -> Measure:
    columns = ", ".join(f"MAX(m{n}) {shape.window} AS s{n}" for n in range(len(shape.rules)))
    if isinstance(condition, SigmaExtendedCorrelationCondition):
        return _seen(columns, _tree(condition.parsed, shape.rules))
    if not isinstance(condition, SigmaCorrelationCondition):
        raise Unsupported("temporal without a condition")
    total = " + ".join(f"s{n}" for n in range(len(shape.rules)))
    return _seen(columns, f"{total} {_OPERATORS[condition.op.name]} {condition.count}")


def _tree(node: CorrelationConditionItem | SigmaRuleReference, rules: tuple[str, ...]) -> str:
    if isinstance(node, SigmaRuleReference):
        return f"s{rules.index(node.reference)} = 1"
    parts = [_tree(part, rules) for part in node.args]
    if isinstance(node, CorrelationConditionNOT):
        return f"NOT ({parts[0]})"
    return "(" + (" AND " if isinstance(node, CorrelationConditionAND) else " OR ").join(parts) + ")"


def _ordered(condition: object, shape: Shape) -> Measure:
    """Each row carries the latest start of a chain that reaches it; fresh enough is a match."""
    number = len(shape.rules)
    is_all = (
        isinstance(condition, SigmaCorrelationCondition)
        and condition.op.name in ("GTE", "EQ")
        and condition.count == number
    )
    if not is_all:
        raise Unsupported("temporal_ordered is said of all its rules: no other condition")
    steps = [("mcpsoar_chain_0", "SELECT *, CASE WHEN m0 = 1 THEN at_ms END AS b0 FROM mcpsoar_hits")]
    for n in range(1, number):
        latest = f"CASE WHEN m{n} = 1 THEN MAX(b{n - 1}) {shape.past} END AS b{n}"
        steps.append((f"mcpsoar_chain_{n}", f"SELECT *, {latest} FROM mcpsoar_chain_{n - 1}"))
    last = number - 1
    steps.append(("mcpsoar_seen", f"SELECT *, MAX(b{last}) {shape.past} AS begun FROM mcpsoar_chain_{last}"))
    return Measure(tuple(steps), f"begun > at_ms - {shape.window_ms}")
