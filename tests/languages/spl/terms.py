"""The search language: which results `field=value` and its like keep.

Sources: Search Reference 10.0, "search"; Search Manual, "Boolean expressions", "Use CASE() and TERM() to
match phrases". Keywords and phrases, which look into _raw, are left out.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from tests.languages.spl.errors import NotInGrammar
from tests.languages.spl.literals import Test, compared, folded, literal
from tests.languages.spl.values import YES, Truth, conjunction, disjunction, negation

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*") | (?P<mark>!=|<=|>=|[=<>(),])
    | (?P<word>(?:[^\s"()=<>!,|`\\\[\]]|\\.)+) )""",
    re.VERBOSE | re.DOTALL,
)
_OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
_WORDS = ("AND", "OR", "NOT", "IN", "AS", "XOR")  # as values they "must" be quoted (search page)
_MODIFIERS = re.compile(  # they look outside the fields of a result
    r"(?i)tag|tag::.*|hosttag|eventtype|eventtypetag|savedsearch|savedsplunk|splunk_server|starttime|endtime"
    r"|timeformat|_index_earliest|_index_latest|index_earliest|index_latest"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a search keeps, and the time range it names (relative or absolute), if any."""

    test: Test
    earliest: str | None
    latest: str | None


@lru_cache(maxsize=1024)
def parse(source: str) -> Terms:
    """ "The AND operator is always implied"; "search evaluates OR before AND"."""
    reader = _Reader(source)
    test = reader.all_of() if reader.peek() is not None else lambda _row: YES
    if reader.peek() is not None:
        raise NotInGrammar(f"{reader.peek()!r} in search: {source}")
    return Terms(test, reader.times.get("earliest"), reader.times.get("latest"))


class _Reader:
    def __init__(self, source: str) -> None:
        self._tokens, at, source = [], 0, source.rstrip()
        self.times: dict[str, str] = {}
        while at < len(source):
            found = _TOKEN.match(source, at)
            if found is None or found.lastgroup is None:
                raise NotInGrammar(f"{source[at : at + 20]!r} in search")
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self._at = 0

    def peek(self, ahead: int = 0) -> str | None:
        """A word or a mark as it stands; a string keeps its quotes."""
        at = self._at + ahead
        return self._tokens[at][1] if at < len(self._tokens) else None

    def _take(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise NotInGrammar("a search ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def all_of(self) -> Test:
        test = self._any_of()
        while self.peek() not in (None, ")"):
            if self.peek() == "AND":
                self._take()
            test = _joined(conjunction, test, self._any_of())
        return test

    def _any_of(self) -> Test:
        test = self._one()
        while self.peek() == "OR":
            self._take()
            test = _joined(disjunction, test, self._one())
        return test

    def _one(self) -> Test:
        """ "The NOT operator only applies to the term immediately following NOT"."""
        if self.peek() == "NOT":
            self._take()
            inner = self._one()
            return lambda row: negation(inner(row))
        if self.peek() == "(":
            self._take()
            inner = self.all_of()
            if self._take()[1] != ")":
                raise NotInGrammar(") expected in search")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        kind, name = self._take()
        if (kind, name) == ("word", "*") and self.peek() not in _OPERATORS:
            return lambda _row: YES
        field = "".join(one or "" for one in literal(name, kind)) if kind == "string" else name
        if kind == "mark" or (self.peek() not in _OPERATORS and self.peek() != "IN"):
            raise NotInGrammar(f"{name!r} in search is a keyword, which looks into _raw")
        if name in _WORDS or set(name) & set("*\\'") or _MODIFIERS.fullmatch(field):
            raise NotInGrammar(f"the field {name!r} in search")
        operator = self._take()[1]
        if field in ("earliest", "latest"):
            self.times[field] = self._bound(operator)
            return lambda _row: YES
        if operator == "IN":
            tests = [compared(field, "=", *one) for one in self._list()]
            return lambda row: folded(disjunction, [test(row) for test in tests])
        return compared(field, operator, *self._value())

    def _bound(self, operator: str) -> str:
        kind, value = self._take()
        if operator != "=" or kind == "mark":
            raise NotInGrammar(f"a time bound with {operator}")
        return value.strip('"')

    def _list(self) -> list[tuple[list[str | None], bool]]:
        found = []
        if self._take()[1] != "(":
            raise NotInGrammar("IN without a list")
        while True:
            found.append(self._value())
            mark = self._take()[1]
            if mark == ")":
                return found
            if mark != ",":
                raise NotInGrammar("a list wants commas")

    def _value(self) -> tuple[list[str | None], bool]:
        """A literal's parts and whether case counts: `field=CASE(value)`."""
        kind, value = self._take()
        if kind == "word" and value == "CASE" and self.peek() == "(":
            self._take()
            kind, value = self._take()
            if kind == "mark" or self._take()[1] != ")":
                raise NotInGrammar("CASE() of one value")
            return literal(value, kind), True
        if kind == "mark" or (kind == "word" and (value in _WORDS or value in ("TERM", "PREFIX"))):
            raise NotInGrammar(f"the value {value!r} in search")
        return literal(value, kind), False


def _joined(how: Callable[[Truth, Truth], Truth], left: Test, right: Test) -> Test:
    return lambda row: how(left(row), right(row))
