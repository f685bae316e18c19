"""What a lambda asks of the elements of a list, read: words that one is, starts with or ends with."""

from collections.abc import Iterator

from sqlglot import exp

from mcpsoar.core.errors import Unsupported

Comparison = type[exp.EQ] | type[exp.StartsWith] | type[exp.EndsWith]


def compared(node: exp.Expr, name: str) -> Iterator[tuple[Comparison, str]]:
    """Each comparison of the element, called `name`, with a text; any of them will do.

    Raises Unsupported for anything else.
    """
    if isinstance(node, exp.Paren):
        yield from compared(node.this, name)
    elif isinstance(node, exp.Or):
        yield from compared(node.this, name)
        yield from compared(node.expression, name)
    else:
        yield _one(node, name)


def _one(node: exp.Expr, name: str) -> tuple[Comparison, str]:
    if not isinstance(node, exp.EQ | exp.StartsWith | exp.EndsWith):
        raise Unsupported(f"{type(node).__name__} of an element")
    sought = node.expression
    about = node.this.name if isinstance(node.this, exp.Column | exp.Identifier) else ""
    if about != name or not isinstance(sought, exp.Literal) or not sought.is_string:
        raise Unsupported("a condition on elements that is no =, starts_with or ends_with of a text")
    return type(node), sought.name
