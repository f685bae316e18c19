"""The operators that make numbers and texts: + - * / % and the period (eval page, "Operators")."""

from typing import Any

from tests.languages.spl.errors import Undocumented
from tests.languages.spl.values import numeric, text, whole


def computed(operator: str, left: Any, right: Any, *, exact: bool) -> Any:
    """What two values that are not null make; `exact`: exact() is around.

    Numbers are doubles, "rounded to a precision appropriate to the precision of the input" ("Rounding"): with
    fractions that is answered inside exact() only.
    """
    if operator == ".":
        return text(left) + text(right)
    if operator == "+" and type(left) is str and type(right) is str:
        return left + right  # "or two strings for concatenation"
    return _arithmetic(operator, numeric(left), numeric(right), exact=exact)


def _arithmetic(operator: str, left: float, right: float, *, exact: bool) -> int | float | None:
    if operator == "/" and right == 0:
        return None  # "Division by zero results in a null field"
    if operator == "%":
        if not (isinstance(left, int) and isinstance(right, int) and left >= 0 and right > 0):
            raise Undocumented(f"{left} % {right}")
        return left % right
    if operator == "/":
        found = left / right
    else:
        found = {"+": left + right, "-": left - right, "*": left * right}[operator]
    if not exact and any(isinstance(whole(one), float) for one in (left, right, found)):
        raise Undocumented("how a calculation with fractions is rounded: write exact(…)")
    return whole(found)
