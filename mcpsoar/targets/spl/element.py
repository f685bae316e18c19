"""Whether any element of a list is such, where the list is no field: mvfilter takes nothing but a field.

mvfind searches whatever a list is made of, for a regular expression.
"""

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.detection import elements
from mcpsoar.targets.spl.text import END, literal, quoted


def whether(some: str, name: str, each: exp.Expr) -> str:
    """1 where a condition on `name` holds for an element of a list, else null. Raises Unsupported.

    It stands for the elements themselves, so nothing but whether there are any may be asked of it.
    """
    length = each.parent.parent if each.parent else None
    asked = length.parent if isinstance(length, exp.Length) else None
    if not (isinstance(asked, exp.GT) and asked.this is length and asked.expression.name == "0"):
        raise Unsupported("how many elements are such, of a list that is no field of its own")
    pattern = "|".join(_pattern(how, word) for how, word in elements.compared(each.this, name))
    return f"if(isnotnull(mvfind({some}, {literal(pattern)})), 1, null())"


def _pattern(how: elements.Comparison, word: str) -> str:
    start, end = "" if how is exp.EndsWith else "^", "" if how is exp.StartsWith else END
    return f"{start}{quoted(word)}{end}"
