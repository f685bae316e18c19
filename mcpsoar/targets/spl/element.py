"""Whether any element of a list is such, where the list is no field: mvfilter takes nothing but a field.

mvfind searches whatever a list is made of, for a regular expression.
"""

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.spl.text import END, literal, quoted


def whether(some: str, name: str, each: exp.Expr) -> str:
    """1 where a condition on `name` holds for an element of a list, else null. Raises Unsupported.

    It stands for the elements themselves, so nothing but whether there are any may be asked of it.
    """
    length = each.parent.parent if each.parent else None
    asked = length.parent if isinstance(length, exp.Length) else None
    if not (isinstance(asked, exp.GT) and asked.this is length and asked.expression.name == "0"):
        raise Unsupported("how many elements are such, of a list that is no field of its own")
    return f"if(isnotnull(mvfind({some}, {literal(_pattern(each.this, name))})), 1, null())"


def _pattern(node: exp.Expr, name: str) -> str:
    if isinstance(node, exp.Paren):
        return _pattern(node.this, name)
    if isinstance(node, exp.Or):
        return f"{_pattern(node.this, name)}|{_pattern(node.expression, name)}"
    sought = node.args.get("expression")
    if not isinstance(sought, exp.Literal) or not sought.is_string or node.this.name != name:
        raise Unsupported("a condition on elements that is no =, starts_with or ends_with of a text")
    text = quoted(sought.name)
    if isinstance(node, exp.EQ):
        return f"^{text}{END}"
    if isinstance(node, exp.StartsWith):
        return f"^{text}"
    if isinstance(node, exp.EndsWith):
        return f"{text}{END}"
    raise Unsupported(f"{type(node).__name__} of an element, of a list that is no field of its own")
