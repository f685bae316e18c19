"""LIKE, regular expressions, beginnings and ends: all as `match`, whose pattern is a literal."""

from collections.abc import Callable

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.bridge import pattern, regex
from mcpsoar.targets.spl.text import END, literal, quoted
from mcpsoar.targets.spl.value import Value

_ANYTHING = r"[\s\S]"


def subject(node: exp.Expr) -> exp.Expr:
    """What is searched."""
    found: exp.Expr = node.this.this if isinstance(node, exp.Escape) else node.this
    return found


def call(node: exp.Expr, of_text: Callable[[exp.Expr], Value]) -> str:
    """The call of `match`. Raises Unsupported."""
    return f"match({of_text(subject(node)).text}, {literal(_pattern(node, of_text))})"


def _pattern(node: exp.Expr, of_text: Callable[[exp.Expr], Value]) -> str:
    if isinstance(node, exp.RegexpLike):
        wanted = node.meta.get(pattern.REGEX)
        if wanted is None:
            raise Unsupported("a regular expression that no rule wrote has no word in SPL")
        return regex.prefixed(wanted, "splunk")
    if isinstance(node, exp.Escape):
        return _like(_fixed(node.this.expression, of_text))
    said = quoted(_fixed(node.expression, of_text))
    return f"^{said}" if isinstance(node, exp.StartsWith) else f"{said}{END}"


def _like(text: str) -> str:
    """Of `%` at either end nothing is left but that the pattern may stand anywhere."""
    parts = [
        (f"{_ANYTHING}*" if char == "%" else _ANYTHING) if is_wild else quoted(char)
        for char, is_wild in pattern.chars(text)
    ]
    start, end = "^", END
    while parts and parts[0] == f"{_ANYTHING}*":
        start, parts = "", parts[1:]
    while parts and parts[-1] == f"{_ANYTHING}*":
        end, parts = "", parts[:-1]
    return f"{start}{''.join(parts)}{end}"


def _fixed(node: exp.Expr, of_text: Callable[[exp.Expr], Value]) -> str:
    found = of_text(node).fixed
    if found is None:
        raise Unsupported(f"{node.sql('duckdb')} is no fixed text to search for")
    return found
