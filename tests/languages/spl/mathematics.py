"""The eval functions of numbers, and max() and min().

Sources: Search Reference 10.0, "Mathematical functions", "Statistical eval functions".
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from tests.languages.spl.errors import Undocumented
from tests.languages.spl.values import Field, number, numeric, order, whole

Function = Callable[..., Any]
MANY = 10_000


def strict(function: Function) -> Function:
    """Null in, null out."""
    return lambda _now, *arguments: None if None in arguments else function(*arguments)


def _round(value: Any, places: Any = 0) -> int | float:
    given, digits = numeric(value), numeric(places)
    if digits != 0 or (isinstance(given, float) and given % 1 == 0.5):
        raise Undocumented("round to places (text by some accounts) or of an exact half")
    return round(given)


def _pow(base: Any, exponent: Any) -> int | float:
    found = numeric(base) ** numeric(exponent)
    if not isinstance(whole(found), int):
        raise Undocumented("digits of a fraction")
    return whole(found)


def _extreme(pick: Callable[..., Any]) -> Function:
    """max() and min(): of numbers, or of texts in lexicographical order; mixes and nulls are refused."""

    def function(*values: Any) -> Any:
        if all(
            isinstance(one, int | float) or (isinstance(one, Field) and number(one) is not None)
            for one in values
        ):
            return pick(map(numeric, values))
        if all(isinstance(one, str) and number(one) is None for one in values):
            return pick(map(str, values), key=order)
        raise Undocumented(f"the {pick.__name__} of {values}")

    return lambda _now, *arguments: _no_nulls(pick.__name__, arguments) and function(*arguments)


def _no_nulls(name: str, arguments: tuple[Any, ...]) -> bool:
    if None in arguments:
        raise Undocumented(f"{name} with a null")
    return True


MATHEMATICS: Mapping[str, tuple[int, int, Function]] = {
    "abs": (1, 1, strict(lambda value: abs(numeric(value)))),
    "ceil": (1, 1, strict(lambda value: math.ceil(numeric(value)))),
    "ceiling": (1, 1, strict(lambda value: math.ceil(numeric(value)))),
    "floor": (1, 1, strict(lambda value: math.floor(numeric(value)))),
    "max": (1, MANY, _extreme(max)),
    "min": (1, MANY, _extreme(min)),
    "pow": (2, 2, strict(_pow)),
    "round": (1, 2, strict(_round)),
}
