r"""Regular expressions by the page "Regular expression syntax": the whole value, no anchors, no flags.

A backslash takes a reserved sign as itself, in brackets too. What the page does not have as a standard
operator raises: `# @ & < > ~ "` as operators, `^` and `$`, escapes of letters, empty alternatives.
"""

import re
from collections.abc import Callable

from tests.languages.esql import Refused, Undocumented

LONGEST = 1000  # page "Index modules", index.max_regex_length
Matches = Callable[[str], bool]
_COUNT = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_RESERVED = r'.?+*|{}[]()"\#@&<>~'  # what the page lists
# signs that are no operators, and that Lucene takes as themselves behind a backslash (RegExp.parseCharExp)
_HARMLESS = "^$-/"


def compiled(pattern: str) -> Matches:
    """Whether a whole value matches."""
    if len(pattern) > LONGEST:
        raise Refused(f"a regular expression of {len(pattern)} characters; index.max_regex_length")
    reader = _Reader(pattern)
    try:
        made = re.compile(reader.read(), re.DOTALL)
    except re.error as failed:
        raise Refused(f"{pattern!r}: {failed}") from None
    return lambda value: made.fullmatch(value) is not None


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0

    def read(self) -> str:
        """The same pattern in Python's words."""
        made: list[str] = []
        before = "("  # an atom, a repeat, or what an alternative begins with
        while self.at < len(self.pattern):
            one = self.pattern[self.at]
            if one in "|)" and before in ("(", "|"):
                raise self._open("an empty alternative")
            if one in "?*+{":
                made.append(self._repeat(before))
                before = "repeat"
                continue
            made.append(self._atom(one))
            before = one if one in "(|" else "atom"
        if before == "|" or self.depth:
            raise self._open("an end amid the pattern")
        return "".join(made)

    def _repeat(self, before: str) -> str:
        if before != "atom":
            raise self._open(f"a repeat after {before}")
        found = _COUNT.match(self.pattern, self.at)
        said = found[0] if found else self.pattern[self.at]
        if said == "{":
            raise self._open("a brace that counts nothing")
        self.at += len(said)
        return said

    def _atom(self, one: str) -> str:
        if one == "[":
            return self._set()
        if one == "\\":
            return re.escape(self._escaped())
        self.at += 1
        if one in "(|)":
            self.depth += {"(": 1, ")": -1}.get(one, 0)
            if self.depth < 0 or (one == "(" and self.pattern.startswith("?", self.at)):
                raise self._open(one)
            return "(?:" if one == "(" else one
        if one == ".":
            return one
        if one in _RESERVED or one in "^$":
            raise self._open(f"{one} as itself")
        return re.escape(one)

    def _set(self) -> str:
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        made: list[str] = []
        while not self.pattern.startswith("]", self.at):
            low = self._member(first=not made)
            if self.pattern.startswith("-", self.at):
                self.at += 1
                high = self._member(first=False)
                if low > high:
                    raise Refused(f"{low}-{high} in {self.pattern!r}")
                made.append(f"{re.escape(low)}-{re.escape(high)}")
            else:
                made.append(re.escape(low))
        if not made:
            raise self._open("an empty set")
        self.at += 1
        return f"[{'^' if negated else ''}{''.join(made)}]"

    def _member(self, *, first: bool) -> str:
        one = self.pattern[self.at : self.at + 1]
        if one == "\\":
            return self._escaped()
        if not one or one in '[]^"&|~' or (one == "-" and not first):
            raise self._open(f"{one} in a set")
        self.at += 1
        return one

    def _escaped(self) -> str:
        one = self.pattern[self.at + 1 : self.at + 2]
        if not one or one not in _RESERVED + _HARMLESS:
            raise self._open(f"\\{one}")
        self.at += 2
        return one

    def _open(self, what: str) -> Undocumented:
        return Undocumented(f"{what} in the regular expression {self.pattern!r}")
