"""Splits a search into its commands and a command into its words."""

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.nodes import unescaped

_TOKEN = re.compile(
    r"""\s*(?: (?P<string>"(?:[^"\\]|\\.)*") | (?P<mark>[,=()]) | (?P<word>[^\s",=()|`]+) )""", re.X | re.S
)
_BOOLEANS = {"true": True, "t": True, "false": False, "f": False}
_MACRO = re.compile(r"([\w-]+)(?:\((.*)\))?", re.DOTALL)


@lru_cache(maxsize=256)
def commands(source: str) -> tuple[str, ...]:
    """The texts between the pipes; pipes inside quotes and brackets belong to their command."""
    found, depth, start = [], 0, 0
    for at, quoted, one in _marked(source):
        if quoted:
            continue
        depth += {"[": 1, "]": -1}.get(one, 0)
        if one == "|" and depth == 0:
            found.append(source[start:at].strip())
            start = at + 1
    if depth:
        raise NotInGrammar("brackets that do not close")
    return (*found, source[start:].strip())


def expanded(source: str, macros: Mapping[str, str], depth: int = 0) -> str:
    """The search with its macros written out: `name` or `name(a, b)` in backticks, `$a$` in the definition.

    Definitions with arguments have the key "name(a,b)" (macros.conf: stanza and `args`). Of backticks inside
    quotes nothing is written.
    """
    if depth > 10:
        raise NotInGrammar("macros within macros without end")
    ticks = _ticks(source)
    found, at = "", 0
    for start, end in zip(ticks[::2], ticks[1::2], strict=True):
        found += source[at:start] + _body(source[start + 1 : end].strip(), macros)
        at = end + 1
    found += source[at:]
    return expanded(found, macros, depth + 1) if ticks else found


@lru_cache(maxsize=256)
def _ticks(source: str) -> tuple[int, ...]:
    """Where the backticks stand: one that opens, one that closes, and so on."""
    found = tuple(at for at, quoted, one in _marked(source) if one == "`" and not _refused(quoted))
    if len(found) % 2:
        raise NotInGrammar("a backtick that does not close")
    return found


def _refused(quoted: bool) -> bool:
    if quoted:
        raise Undocumented("a backtick inside quotes")
    return False


def _body(call: str, macros: Mapping[str, str]) -> str:
    called = _MACRO.fullmatch(call)
    if called is None:
        raise NotInGrammar(f"the macro {call}")
    given = [one.strip() for one in called[2].split(",")] if called[2] is not None else []
    for stanza, body in macros.items():
        defined = _MACRO.fullmatch(stanza)
        names = [one.strip() for one in defined[2].split(",")] if defined and defined[2] else []
        if defined and defined[1] == called[1] and len(names) == len(given):
            for name, value in zip(names, given, strict=True):
                body = body.replace(f"${name}$", value)  # noqa: PLW2901  # one argument after the other
            return body
    raise NotInGrammar(f"no macro {call}")


def _marked(source: str) -> list[tuple[int, bool, str]]:
    """Each character, its place and whether it is inside double quotes."""
    found, quoted, at = [], False, 0
    while at < len(source):
        if source[at] == "\\" and quoted:
            at += 2
            continue
        if source[at] == '"':
            quoted = not quoted
        else:
            found.append((at, quoted, source[at]))
        at += 1
    if quoted:
        raise NotInGrammar("quotes that do not close")  # "Quotation marks must be balanced" (search page)
    return found


class Words:
    """The words of one command, taken one by one."""

    def __init__(self, source: str) -> None:
        self._source, self._tokens, at = source, [], 0
        rest = len(source.rstrip())
        while at < rest:
            found = _TOKEN.match(source, at)
            if found is None or found.lastgroup is None:
                raise NotInGrammar(f"{source[at : at + 20]!r}")
            self._tokens.append((found.lastgroup, found[found.lastgroup], found.end()))
            at = found.end()
        self._at = 0

    def peek(self, ahead: int = 0) -> str | None:
        """The word as written, quotes and all."""
        at = self._at + ahead
        return self._tokens[at][1] if at < len(self._tokens) else None

    def take(self) -> str:
        """The next word, out of its quotes."""
        if self._at == len(self._tokens):
            raise NotInGrammar(f"words are missing at the end of {self._source!r}")
        kind, found, _ = self._tokens[self._at]
        self._at += 1
        return unescaped(found[1:-1]) if kind == "string" else found

    def name(self) -> str:
        """A field: no mark, no wildcard, no single quotes (those are eval's)."""
        found = self.take()
        if found in ",=()" or "*" in found or found[0] == "'":
            raise NotInGrammar(f"{found!r} as a field in {self._source!r}")
        return found

    def names(self, stop: Collection[str] = ()) -> list[str]:
        """Fields up to the end or a stop word, with or without commas between."""
        found = []
        while self.peek() is not None and self.peek() not in stop:
            found.append(self.name())
            if self.peek() == ",":
                self.take()
        if not found:
            raise NotInGrammar(f"no fields in {self._source!r}")
        return found

    def inside(self) -> str:
        """The source between the parenthesis that comes next and the one that closes it."""
        if self.take() != "(":
            raise NotInGrammar(f"( expected in {self._source!r}")
        start, depth = self._tokens[self._at - 1][2], 1
        while depth:
            mark = self.peek()
            self.take()
            depth += {"(": 1, ")": -1}.get(mark or "", 0)
        return self._source[start : self._tokens[self._at - 1][2] - 1]

    def options(self, known: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
        """`name=value` pairs that stand here."""
        found: dict[str, Any] = {}
        while self.peek(1) == "=" and self.peek() in known:
            name = self.take()
            self.take()
            if name in found:
                raise NotInGrammar(f"{name} twice")
            found[name] = known[name](self.take())
        return found

    def renamed(self, name: str) -> str:
        """The name after AS, else the one given."""
        if (self.peek() or "").upper() != "AS":
            return name
        self.take()
        return self.name()

    def end(self) -> None:
        if self.peek() is not None:
            raise NotInGrammar(f"{self.peek()!r} in {self._source!r}")


def flag(written: str) -> bool:
    if written.lower() not in _BOOLEANS:
        raise NotInGrammar(f"{written!r} as a boolean")
    return _BOOLEANS[written.lower()]


def count(written: str) -> int:
    if not re.fullmatch("[0-9]+", written):
        raise NotInGrammar(f"{written!r} as a count")
    return int(written)
