"""Patterns of eval: LIKE and regular expressions, in the part where Python's and Splunk's PCRE agree."""

import re

from tests.languages.spl.errors import Undocumented

_FOREIGN = re.compile(r"\\[^.\\^$*+?()\[\]{}|/\-\"dDwWsSbBnrt]|\(\?(?![:=!]|i\))|[*+?}]\+|\[\[")


def like(value: str, pattern: str) -> bool:
    """ "percent ( % ) … multiple characters; underscore ( _ ) … a single character"; case-sensitive.

    How either is escaped is not written.
    """
    if "\\" in pattern:
        raise Undocumented(f"an escape in LIKE {pattern!r}")
    parts = (".*" if one == "%" else "." if one == "_" else re.escape(one) for one in pattern)
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


def regex(pattern: str) -> re.Pattern[str]:
    """ "finds a match against any substring" (match); PCRE, of which only the common part is read."""
    if _FOREIGN.search(pattern):
        raise Undocumented(f"the regular expression {pattern!r} outside the part that Python reads alike")
    try:
        return re.compile(pattern, re.ASCII)
    except re.error as error:
        raise Undocumented(f"the regular expression {pattern!r}: {error}") from error
