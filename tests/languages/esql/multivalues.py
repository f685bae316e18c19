"""MV_… functions (pages of "Multivalue functions"): several values in, null stays null.

The product's class AbstractMultivalueFunction keeps null; MV_CONTAINS alone reads it as an empty set.
"""

from collections.abc import Callable, Sequence

from tests.languages.esql.comparisons import aligned
from tests.languages.esql.compiled import (
    Compiled,
    Session,
    exact,
    expect,
    in_normal_form,
    several,
    values_of,
    widest,
)
from tests.languages.esql.errors import Refused, Undocumented
from tests.languages.esql.tables import Row, Value


def mv_count(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return _reduced(text, "integer", of[0], len)


def mv_min(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return _reduced(text, of[0].kind, of[0], min)


def mv_max(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return _reduced(text, of[0].kind, of[0], max)


def mv_first(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return _reduced(text, of[0].kind, of[0], lambda values: _placed(of[0], text, values)[0])


def mv_last(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return _reduced(text, of[0].kind, of[0], lambda values: _placed(of[0], text, values)[-1])


def mv_concat(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """The order of the parts is the order of the values: MV_SORT first, where it is not documented."""
    for one in of:
        expect(one, ("keyword",), text)

    def evaluate(row: Row) -> Value:
        values, delimiter = of[0].evaluate(row), of[1].evaluate(row)
        if isinstance(delimiter, tuple) or delimiter is None:
            raise Undocumented(f"[{text}] with the delimiter {delimiter!r}")
        return None if values is None else delimiter.join(_placed(of[0], text, values_of(values)))

    return Compiled("keyword", evaluate, text, constant=all(one.constant for one in of))


def mv_dedupe(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """The page: the values may, but will not always, be sorted."""
    return Compiled(
        of[0].kind,
        lambda row: several(list(dict.fromkeys(values_of(of[0].evaluate(row))))),
        text,
        constant=of[0].constant,
        ordered=False,
    )


def mv_sort(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """ASC unless DESC is written as a constant."""
    order = "ASC"
    if len(of) > 1:
        if not of[1].literal or of[1].evaluate({}) not in ("ASC", "DESC"):
            raise Undocumented(f"the order in [{text}]")
        order = of[1].evaluate({})
    return Compiled(
        of[0].kind,
        lambda row: several(sorted(values_of(of[0].evaluate(row)), reverse=order == "DESC")),
        text,
        constant=of[0].constant,
    )


def mv_append(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """The values of both, one after the other; null where either is (page MV_APPEND, its second example)."""
    kind = widest(of, text)
    if kind == "double" and any(one.kind != "double" for one in of):
        raise Refused(f"[{text}] mixes {of[0].kind} and {of[1].kind}")  # the page's types: both alike

    def evaluate(row: Row) -> Value:
        values = [one.evaluate(row) for one in of]
        return None if None in values else several([one for each in values for one in values_of(each)])

    return Compiled(
        kind,
        evaluate,
        text,
        constant=all(one.constant for one in of),
        ordered=all(one.ordered for one in of),
    )


def mv_slice(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """From start to end, counted from 0, both included; one value where no end is given (page MV_SLICE).

    The product's class MvSlice: null beyond the values, null and a warning where the end is before the start.
    """
    for one in of[1:]:
        expect(one, ("integer",), text)

    def evaluate(row: Row) -> Value:
        value, *bounds = (one.evaluate(row) for one in of)
        if value is None or None in bounds:
            return None
        start, end = bounds[0], bounds[-1]
        if start < 0 or end < 0:
            raise Undocumented(f"[{text}]: a place from the end is not read here")
        if start > end:
            session.warn(text, "Start offset is greater than end offset")
            return None
        return several(_placed(of[0], text, values_of(value))[start : end + 1])

    return Compiled(of[0].kind, evaluate, text, constant=all(one.constant for one in of))


def mv_zip(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """First with first and so on; what has no partner comes alone (the example of page MV_ZIP)."""
    for one in of:
        expect(one, ("keyword",), text)

    def evaluate(row: Row) -> Value:
        left, right, delimiter = (one.evaluate(row) for one in of)
        if left is None or right is None or not isinstance(delimiter, str):
            raise Undocumented(f"[{text}] of null")
        first = _placed(of[0], text, values_of(left))
        second = _placed(of[1], text, values_of(right))
        both = [f"{one}{delimiter}{other}" for one, other in zip(first, second, strict=False)]
        return several([*both, *first[len(second) :], *second[len(first) :]])

    return Compiled("keyword", evaluate, text, constant=all(one.constant for one in of))


def mv_contains(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """Whether the first holds every value of the second; never null (page MV_CONTAINS, 9.2, preview)."""
    left, right = aligned(text, *of)
    if len({left.kind, right.kind} - {"null"}) > 1:  # the page's types: both alike
        raise Refused(f"[{text}] mixes {left.kind} and {right.kind}")

    def evaluate(row: Row) -> Value:
        superset, subset = left.evaluate(row), right.evaluate(row)
        in_normal_form(left, right, subset)
        in_normal_form(right, left, superset)
        if "double" in (left.kind, right.kind):
            for one in (*values_of(superset), *values_of(subset)):
                exact(one)
        return set(values_of(subset)) <= set(values_of(superset))

    return Compiled("boolean", evaluate, text, constant=left.constant and right.constant)


def _reduced(text: str, kind: str, of: Compiled, reduce: Callable[[tuple[Value, ...]], Value]) -> Compiled:
    def evaluate(row: Row) -> Value:
        value = of.evaluate(row)
        return None if value is None else reduce(values_of(value))

    return Compiled(kind, evaluate, text, constant=of.constant)


def _placed(of: Compiled, text: str, values: tuple[Value, ...]) -> tuple[Value, ...]:
    if len(values) > 1 and not of.ordered:
        raise Undocumented(f"[{text}]: the order of the values of {of.text}")
    return values
