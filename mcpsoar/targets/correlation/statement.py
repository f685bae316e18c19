# ruff: noqa: S608  # only names made here and numbers are in the text; what users name stands in trees
"""One correlation as one SELECT: its rows are the events at which it holds.

The window slides and is half-open: an event of any referenced rule is a match when the events of its group in
(its time - timespan, its time] satisfy the condition. All events of one instant are in each other's windows.
An event counts once for a group, however many of the rules it matches. An event that lacks a group-by field
is in no group. Groups and distinct values compare exactly, with regard to case: rules fold it where they
compare, but what events hold is taken as it is; under aliases both compare as text. An event without a time
is nowhere, nor is one with a forged time that no timespan can be taken from: one such event must not fail the
statement for all. Conditions are judged at events only: event_count never sees `eq: 0`, and `lt` holds where
events are few, not where none is. Their numbers are whole: pySigma (1.5.1) cuts `2.5` down to 2 on reading.
`value_count` counts distinct values that are there; sums and averages pass over what is absent, and are of
doubles; a field of `mcp_audit` that says more than 1e15, either way, counts as absent. Percentiles go by
nearest rank, the median being the 50th: of an even number of values the lower middle one. A timespan is
as long as pySigma says (`SigmaCorrelationTimespan`, 1.5.1): `M` is 2629746 seconds and `y` 31556952, the
means of the Gregorian calendar.
`temporal_ordered` wants times that do not decrease: one instant, or one event, may satisfy two neighbours.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from sigma.correlations import SigmaCorrelationRule, SigmaCorrelationType, SigmaRuleReference
from sqlglot import exp

from mcpsoar.core.errors import BadContent, Unsupported
from mcpsoar.targets.correlation import measure

Read = Callable[[str, str], exp.Expression]
_FARTHEST_MS = 2**61  # from 1970, either way: the difference of two, and a timespan more, fit in 64 bits


@dataclass(frozen=True, slots=True)
class Source:
    """Where events are: `at` in integer epoch milliseconds; `column` and `number` read (reference, field)."""

    table: exp.Table
    at: exp.Expression
    column: Read
    number: Read
    carried: tuple[str, ...] = ()


def statement(
    rule: SigmaCorrelationRule, predicates: Mapping[str, exp.Expression], source: Source
) -> exp.Select:
    """Columns: `source.carried`, `at_ms`, then the group-by fields. Predicates are two-valued, by reference.

    Raises BadContent for a rule or alias that refers to nothing, Unsupported for what has no meaning here.
    """
    where = None if rule.source is None else str(rule.source)
    references = tuple(one.reference for one in rule.referenced_rules)
    if len({id(one.rule) for one in rule.referenced_rules}) < len(references):
        raise BadContent("a correlation names each of its rules once, by name or by id", where=where)
    missing = [one for one in references if one not in predicates]
    if missing or not references:
        said = f"no rule {missing[0]!r} to correlate" if missing else "no rules to correlate"
        raise BadContent(said, where=where)
    groups = rule.group_by or []
    try:
        fields = _fields(rule)
        shape = measure.Shape(len(groups), len(fields), references, _window_ms(rule))
        measured = measure.of(rule, shape)
        marked, branches = _marked(rule, predicates, source, fields)
    except Unsupported as refusal:
        raise Unsupported(refusal.message, where=where) from None
    carried = [f"c_{n}" for n in range(len(source.carried))]
    query = exp.select(
        *(exp.alias_(exp.column(c), n, quoted=True) for c, n in zip(carried, source.carried, strict=True)),
        exp.column("at_ms"),
        *(exp.alias_(exp.column(f"k{n}"), name, quoted=True) for n, name in enumerate(groups)),
    ).from_("mcpsoar_seen")
    query = query.where(_parsed(measured.condition)).with_("mcpsoar_marked", marked)
    query = query.with_("mcpsoar_hits", _parsed(_hits(shape, carried, branches)))
    for name, text in measured.steps:
        query = query.with_(name, _parsed(text))
    at = exp.column("at_ms", table="mcpsoar_seen")  # a group-by field may have that name
    query = query.order_by(exp.Ordered(this=at, nulls_first=True))
    for own in query.find_all(exp.Identifier):
        own.args["quoted"] = True  # a word of ours may be a key word of some engine
    return query


def _fields(rule: SigmaCorrelationRule) -> list[str]:
    field = getattr(rule.condition, "fieldref", None)
    fields = [str(one) for one in (field if isinstance(field, list) else [field]) if one is not None]
    name, counted = rule.type.name.lower(), rule.type is SigmaCorrelationType.VALUE_COUNT
    if measure.is_valued(rule.type) and len(fields) != 1:
        raise Unsupported(f"{name} is of one field")
    if counted and not fields:
        raise Unsupported(f"{name} is of one field or more")
    if fields and not (counted or measure.is_valued(rule.type)):
        raise Unsupported(f"{name} counts no values of a field; value_count does")
    return fields


def _window_ms(rule: SigmaCorrelationRule) -> int:
    window_ms = rule.timespan.seconds * 1000
    if window_ms > _FARTHEST_MS:
        raise Unsupported(f"a timespan of {rule.timespan.spec} is longer than time can be counted")
    return window_ms


def _marked(
    rule: SigmaCorrelationRule,
    predicates: Mapping[str, exp.Expression],
    source: Source,
    fields: Sequence[str],
) -> tuple[exp.Select, list[int]]:
    """Every event that a rule matches, with the keys and values that each rule reads; and rules' branches."""
    references = [one.reference for one in rule.referenced_rules]
    key = _compared(rule, source)
    value = source.number if measure.is_valued(rule.type) else key
    columns: list[exp.Expr] = [exp.alias_(source.at.copy(), "at_ms")]
    columns += [exp.alias_(exp.column(c, quoted=True), f"c_{n}") for n, c in enumerate(source.carried)]
    seen: list[tuple[str, ...]] = []
    branches = []
    for n, reference in enumerate(references):
        case = exp.Case(ifs=[exp.If(this=predicates[reference].copy(), true=exp.Literal.number(1))])
        columns.append(exp.alias_(case.else_(exp.Literal.number(0)), f"p{n}"))
        groups = [_mapped(rule, reference, name) for name in rule.group_by or []]
        values = [_mapped(rule, reference, name) for name in fields]
        if (*groups, *values) not in seen:
            seen.append((*groups, *values))
            at = len(seen) - 1
            columns += [exp.alias_(key(reference, f), f"k{at}_{i}") for i, f in enumerate(groups)]
            columns += [exp.alias_(value(reference, f), f"v{at}_{i}") for i, f in enumerate(values)]
        branches.append(seen.index((*groups, *values)))
    any_rule = exp.or_(*(exp.paren(predicates[one].copy()) for one in references))
    return exp.select(*columns).from_(source.table.copy()).where(any_rule), branches


def _compared(rule: SigmaCorrelationRule, source: Source) -> Read:
    """Reads keys and distinct values; as text under aliases, which may join columns of different types."""
    if not len(rule.aliases):
        return source.column
    return lambda reference, field: exp.cast(source.column(reference, field), "text")


def _mapped(rule: SigmaCorrelationRule, reference: str, name: str) -> str:
    alias = rule.aliases.aliases.get(name)
    if alias is None:
        return name
    found = alias.mapping.get(SigmaRuleReference(reference)) or _by_rule(rule, alias.mapping, reference)
    if found is None:
        where = None if rule.source is None else str(rule.source)
        raise BadContent(f"alias {name!r} names no field for rule {reference!r}", where=where)
    return found


def _by_rule(
    rule: SigmaCorrelationRule, mapping: Mapping[SigmaRuleReference, str], reference: str
) -> str | None:
    """The field under another reference to the same rule: one by its id, the other by its name."""
    wanted = next(one.rule for one in rule.referenced_rules if one.reference == reference)
    same = {str(one) for one in (wanted.id, wanted.name) if one}
    return next((field for one, field in mapping.items() if one.reference in same), None)


def _hits(shape: measure.Shape, carried: Sequence[str], branches: Sequence[int]) -> str:
    """One row for each event and group: rules that read the same group from other fields share the row.

    Without a time, or a key, there is none: NULL is in no range.
    """
    parts = []
    for at in range(max(branches) + 1):

        def same(other: int, at: int = at) -> str:
            pairs = [f"k{other}_{n} = k{at}_{n}" for n in range(shape.keys)]
            for v, w in ((f"v{other}_{n}", f"v{at}_{n}") for n in range(shape.values)):
                pairs.append(f"({v} = {w} OR ({v} IS NULL AND {w} IS NULL))")
            return " AND ".join(pairs) if other != at and pairs else "1 = 1"

        marks = [f"CASE WHEN p{n} = 1 AND {same(b)} THEN 1 ELSE 0 END" for n, b in enumerate(branches)]
        columns = [*carried, "at_ms", *(f"k{at}_{n} AS k{n}" for n in range(shape.keys))]
        columns += [f"v{at}_{n} AS v{n}" for n in range(shape.values)]
        columns += [f"{mark} AS m{n}" for n, mark in enumerate(marks)]
        own = " OR ".join(f"p{n} = 1" for n, b in enumerate(branches) if b == at)
        kept = [f"({own})", f"at_ms >= {-_FARTHEST_MS}", f"at_ms <= {_FARTHEST_MS}"]
        kept += [f"k{at}_{n} IS NOT NULL" for n in range(shape.keys)]
        earlier = [f"WHEN p{n} = 1 AND {same(b)} THEN 1" for n, b in enumerate(branches) if b < at]
        kept += [f"CASE {' '.join(earlier)} ELSE 0 END = 0"] if earlier else []
        parts.append(f"SELECT {', '.join(columns)} FROM mcpsoar_marked WHERE {' AND '.join(kept)}")
    return " UNION ALL ".join(parts)


def _parsed(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, read="duckdb")
