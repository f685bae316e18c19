"""What a regular expression repeats, held against what an engine can: how often in all, and around what.

Pieces are those of `regex`: a kind (`escape`, `set`, `group`, `repeat`, `other`) and its text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.bridge import charset

LOOKAROUNDS = ("(?=", "(?!", "(?<=", "(?<!")
_AT_ONCE = {"RE2": 1000, "PostgreSQL": 255}  # the highest count in {m,n}
# there the counts of repeats within repeats are multiplied; Lucene's automaton may have 10000 states in all
_IN_ALL = {"RE2": 1000, "Lucene": 255}
_NUMBER = re.compile(r"\d+")
_NO_MORE_THAN_ONCE = re.compile(r"\?|\{(?:[01]?,)?[01]\}")


@dataclass(frozen=True, slots=True)
class _Atom:
    """What a repeat may be about: its groups are numbered from `first` on, part of it comes `most` times."""

    first: int
    most: int = 1
    is_lookaround: bool = False


def refuse(pieces: Sequence[tuple[str, str]], dialect: str, family: str) -> None:
    """Raises Unsupported for a repeat that the family cannot do, or after which it has forgotten a group."""
    opened, last = [_Atom(1)], _Atom(1)
    number, forgotten = 1, set[int]()
    for kind, piece in pieces:
        if kind == "repeat":
            last = replace(last, most=last.most * _times(piece, last, dialect, family))
            if last.most > _IN_ALL.get(family, last.most):
                raise Unsupported(f"|re: {dialect} repeats at most {_IN_ALL[family]} times in all ({piece})")
            if not _NO_MORE_THAN_ONCE.match(piece):
                forgotten.update(range(last.first, number))
        elif kind == "group":
            number += is_numbered(piece)
            opened.append(_Atom(number, is_lookaround=piece in LOOKAROUNDS))
            continue
        else:
            last = opened.pop() if (kind, piece) == ("other", ")") else _Atom(number)
        opened[-1] = replace(opened[-1], most=max(opened[-1].most, last.most))
    if family == "PostgreSQL" and forgotten.intersection(referred(*one) for one in pieces):
        # a round there begins without what the one before it found
        raise Unsupported(f"|re: {dialect} has no backreference to a group within a repeat")


def is_numbered(group: str) -> bool:
    """Whether a reference can be made to it."""
    return group == "(" or group.startswith("(?P<")


def referred(kind: str, piece: str) -> int | None:
    """The number of the group that a backreference is to; None for anything else."""
    is_one = kind == "escape" and piece[1] in "123456789" and charset.code(piece) is None
    return int(piece[1:]) if is_one else None


def _times(piece: str, repeated: _Atom, dialect: str, family: str) -> int:
    """How often at most, by the counts that are given."""
    most, longest = max(map(int, _NUMBER.findall(piece)), default=0), _AT_ONCE.get(family)
    if longest is not None and most > longest:
        raise Unsupported(f"|re: {dialect} repeats at most {longest} times ({piece})")
    if repeated.is_lookaround and family == "PostgreSQL":
        raise Unsupported(f"|re: {dialect} repeats no lookaround")
    return max(most, 1)
