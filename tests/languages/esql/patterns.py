r"""LIKE and RLIKE (pages WHERE, "ES|QL operators", "Regular expression syntax").

Case counts, the whole text must match. Wildcards are `*` and `?`, escaped by a backslash. Regular expressions
are Lucene's: of them what that page lists as standard; its optional operators are not.
"""

import re
from collections.abc import Callable, Sequence

from tests.languages.esql import tables
from tests.languages.esql.compiled import SINGLE, Compiled, Session, expect
from tests.languages.esql.errors import Refused, Undocumented
from tests.languages.esql.tables import Row, Value

Matches = Callable[[str], bool]
# an escaped sign; a class; a count; an operator; any other character but the optional operators and anchors
_PIECE = re.compile(
    r"""\\[.?+*|{}\[\]()\\"\#@&<>~^$-]
    | \[\^?(?:[^\[\]\\^"&|~]|\\[\\\-\[\]^.*+?(){}|])+\]
    | \{[0-9]+(?:,[0-9]*)?\}
    | [.?+*|)] | \((?!\?)
    | [^.?+*|{}\[\]()\\"\#@&<>~^$]""",
    re.VERBOSE | re.DOTALL,
)


def matched(
    session: Session, text: str, operator: str, of: Compiled, patterns: Sequence[Compiled]
) -> Compiled:
    """True where any pattern matches; null and a warning for several values."""
    expect(of, ("keyword",), text)
    written = [one.evaluate({}) for one in patterns]
    tests = [(wildcards if operator == "LIKE" else regular)(one) for one in written]
    everything = "*" if operator == "LIKE" else ".*"
    takes_all = any(one and not one.replace(everything, "") for one in written)
    for one in written:
        _cased(of, one)

    def evaluate(row: Row) -> Value:
        value = of.evaluate(row)
        if takes_all and not isinstance(value, str):
            # rewritten to IS NOT NULL (elastic/elasticsearch#62682): then NOT LIKE "*" keeps null
            # (where-like.csv-spec, notLikeListAllWildcard), which three-valued logic drops
            raise Undocumented(f"[{text}] of no value or of several: the pattern takes everything")
        if isinstance(value, tuple):
            session.warn(text, SINGLE)
            return None
        return None if value is None else any(_asked(of, value, test) for test in tests)

    return Compiled("boolean", evaluate, text, constant=of.constant)


def wildcards(pattern: str) -> Matches:
    r"""`*` any text, `?` one character; a backslash takes `*`, `?` or itself literally."""
    read, rest = [], iter(pattern)
    for char in rest:
        if char == "\\":
            escaped = next(rest, "")
            if escaped not in ("*", "?", "\\"):
                raise Undocumented(f"\\{escaped} in the pattern {pattern!r}")
            read.append(re.escape(escaped))
        else:
            read.append({"*": ".*", "?": "."}.get(char, re.escape(char)))
    return _whole("".join(read))


def regular(pattern: str) -> Matches:
    """The standard operators, checked piece by piece; all else raises Undocumented."""
    read: list[str] = []
    at = 0
    while at < len(pattern):
        taken = _PIECE.match(pattern, at)
        if taken is None:
            raise Undocumented(f"{pattern[at : at + 2]} in the regular expression {pattern!r}")
        piece = taken.group()
        before = read[-1] if read else "("
        if piece[0] in "?+*{" and (before in ("(", "|") or before[0] in "?+*{"):
            raise Undocumented(f"{piece} after {before} in the regular expression {pattern!r}")
        if piece[0] == "[" and piece.endswith("-]") and not piece.endswith("\\-]"):
            raise Undocumented(f"- last in a class of the regular expression {pattern!r}")
        if piece in ("|", ")") and before in ("(", "|"):
            raise Undocumented(f"an empty branch in the regular expression {pattern!r}")
        read.append(piece if piece[0] in ".?+*|(){[\\" else re.escape(piece))
        at = taken.end()
    if read and read[-1] == "|":
        raise Undocumented(f"an empty branch in the regular expression {pattern!r}")
    try:
        return _whole("".join(read))
    except re.error as failed:
        raise Refused(f"{pattern!r}: {failed}") from None


def _whole(pattern: str) -> Matches:
    compiled = re.compile(pattern, re.DOTALL)
    return lambda value: compiled.fullmatch(value) is not None


def _cased(of: Compiled, pattern: str) -> None:
    """As for comparisons: a normalizer also rewrites patterns, TO_LOWER turns into a match without case."""
    if of.normal and pattern != tables.lowered(pattern):
        raise Undocumented(f"{of.text} has a normalizer and is matched against {pattern!r}")
    if of.casing and pattern != (pattern.lower() if of.casing == "lower" else pattern.upper()):
        raise Undocumented(f"{of.text} matched against {pattern!r}, which it can never be")


def _asked(of: Compiled, value: str, test: Matches) -> bool:
    answer = test(value)
    if of.casing and not value.isascii():
        other = value.casefold() if of.casing == "lower" else value.casefold().upper()
        if test(other) != answer:
            raise Undocumented(f"{of.text} of {value!r}: letters that fold in several ways")
    return answer
