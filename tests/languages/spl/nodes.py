"""The trees of eval expressions, and the tokens they are read from."""

import re
from dataclasses import dataclass
from typing import TypeAlias

from tests.languages.spl.errors import NotInGrammar, Undocumented

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*") | (?P<field>'[^'\\]*') | (?P<number>[0-9]+(?:\.[0-9]+)?(?![\w]))
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*) | (?P<mark>==|!=|<=|>=|[=<>+\-*/%.(),]) )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float


@dataclass(frozen=True, slots=True)
class Ref:
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Operation:
    operator: str
    left: "Node"
    right: "Node"


Node: TypeAlias = Literal | Ref | Call | Operation


def tokens(source: str) -> list[tuple[str, str]]:
    found, at, source = [], 0, source.rstrip()
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None or match.lastgroup is None:
            raise NotInGrammar(f"{source[at : at + 20]!r} in an expression")
        value, at = match[match.lastgroup], match.end()
        if match.lastgroup == "string":
            value = unescaped(value[1:-1])
        elif match.lastgroup == "field":
            value = value[1:-1]
        found.append((match.lastgroup, value))
    return found


def unescaped(body: str) -> str:
    """A string's text: a backslash escapes a quote or itself, others "are not altered" (search page)."""
    if re.search(r"(?<!\\)(\\\\)*\\\|", body):
        raise Undocumented(r"\| in a quoted string")
    return re.sub(r'\\(["\\])', r"\1", body)
