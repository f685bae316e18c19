"""Functions of numbers: ABS, ROUND, FLOOR, CEIL (pages of "Mathematical functions"; row.csv-spec)."""

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

from tests.languages.esql.arithmetic import fitting
from tests.languages.esql.compiled import NUMBERS, WHOLE, Compiled, Session, expect, scalar
from tests.languages.esql.errors import Undocumented
from tests.languages.esql.tables import Value


def absolute(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    expect(of[0], NUMBERS, text)

    def compute(value: Value) -> Value:
        if fitting(session, text, of[0].kind, abs(value)) is None:
            raise Undocumented(f"[{text}] of {value}")
        return abs(value)

    return scalar(session, text, of[0].kind, of, compute)


def rounded(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """To the nearest; the page does not say which of two that are equally near."""
    expect(of[0], NUMBERS, text)
    if len(of) > 1:
        expect(of[1], WHOLE, text)

    def compute(value: Value, places: int = 0) -> Value:
        if of[0].kind in WHOLE and places >= 0:
            return value
        unit = Decimal(1).scaleb(-places)
        # a double is near its decimal text and near its exact value; where these disagree, nobody says
        found = {
            Decimal(one).quantize(unit, way)
            for one in (Decimal(value), Decimal(repr(value)))
            for way in (ROUND_HALF_UP, ROUND_HALF_DOWN)
        }
        if len(found) > 1:
            raise Undocumented(f"[{text}] of {value}")
        return float(found.pop()) if of[0].kind == "double" else int(found.pop())

    return scalar(session, text, of[0].kind, of, compute)


def floor(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """A whole number stays itself; a double stays a double."""
    return _towards(session, text, of, math.floor)


def ceil(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return _towards(session, text, of, math.ceil)


def _towards(session: Session, text: str, of: Sequence[Compiled], way: Callable[[float], int]) -> Compiled:
    expect(of[0], NUMBERS, text)
    whole = of[0].kind in WHOLE
    return scalar(session, text, of[0].kind, of, lambda value: value if whole else float(way(value)))
