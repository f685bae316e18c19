"""Searches that a person pastes into a SIEM: each brings its events along and says whether it is right.

Each ends in one row with the case, what was expected, what was found, and the verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mcpsoar.core.digest import Facts

RIGHT, WRONG = "ok", "WRONG"
NOTHING = "none"  # an empty text is no field to some
ABSENT = "-"  # an event without an id, a match without a subject
COLUMNS = ("case", "expected", "found", "verdict")
_LONGEST = 160_000  # characters: no limit of the products, which take more; nobody pastes such a text


@dataclass(frozen=True, slots=True)
class Check:
    """One search; `name` tells of what and of which case, `expected` what it has to find.

    Where there can be none `why` says so, and `query` is empty.
    """

    name: str
    query: str
    expected: str
    why: str = ""


class Asking(Protocol):
    """A SIEM that can be asked."""

    def ask(self, query: str) -> Sequence[Facts]:
        """The rows that it gives. Raises as `kit.http.Edge`."""

    def close(self) -> None:
        """Give connections back. Raises nothing."""


def check(name: str, query: str, expected: str) -> Check:
    """A search, unless it is too long for a person to paste."""
    if len(query) > _LONGEST:
        return Check(name, "", expected, f"its search has {len(query)} characters, too many to paste")
    return Check(name, query, expected)


def place(at: int) -> str:
    """Places as texts of one length, so that sorting them is sorting numbers."""
    return f"{at:03d}"
