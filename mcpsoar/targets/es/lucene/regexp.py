"""Regular expressions of Sigma in Lucene's words, or refused by the name of what Lucene lacks.

Page "Regular expression syntax": a pattern is the whole value, knows no anchors and no flags, and its dot is
any character. So what is searched anywhere has `.*` around it, an anchor takes one of them away, and case is
spelled out. What a pattern means is what `bridge.regex` says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sigma.types import SigmaRegularExpression

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.bridge import charset, regex, repeats
from mcpsoar.targets.es.lucene import text

_DEEPEST = 64  # what reads a pattern goes down as deep as it
_LAST_OF_ASCII = 0x7F
_FOLDED = {"k": "\u212a", "s": "\u017f"}  # RE2's (?i) takes these for the letters, too
Piece = tuple[str, str]
Ranges = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Branch:
    """One alternative; whether it begins or ends where the value does."""

    said: str = ""
    at_start: bool = False
    at_end: bool = False


def of(value: SigmaRegularExpression) -> str:
    """The pattern without its slashes. Raises Unsupported."""
    wanted = regex.read(value)
    pieces = list(regex.taken_apart(wanted.text))
    repeats.refuse(pieces, "lucene", "Lucene")
    branches = _branches(iter(pieces), wanted.flags, depth=0)
    made = "|".join(_whole(one) for one in branches)
    if text.is_too_long(made):
        raise Unsupported(f"|re: a pattern longer than {text.LONGEST} characters")
    return made


def _whole(branch: _Branch) -> str:
    if not branch.said and branch.at_start and branch.at_end:
        raise Unsupported("|re: asks for an empty value, which is none")
    before = "" if branch.at_start else text.ANY
    after = "" if branch.at_end or not branch.said else text.ANY
    return f"{before}{branch.said}{after}" or text.ANY


def _branches(pieces: Iterator[Piece], flags: frozenset[str], *, depth: int) -> list[_Branch]:
    """The alternatives up to the end, or to the parenthesis that closes them."""
    found, now, last = [], _Branch(), ""
    for kind, piece in pieces:
        if (kind, piece) in (("other", "|"), ("other", ")")):
            found.append(replace(now, said=now.said + last))
            now, last = _Branch(), ""
            if piece == ")":
                return found
        elif _is_end(kind, piece):
            now = _anchored(replace(now, said=now.said + last), piece, flags, is_inner=depth > 0)
            last = ""
        elif now.at_end:
            raise Unsupported("|re: lucene has no end amid a pattern")
        elif kind == "repeat":
            last = _repeated(last, piece)
        else:
            now, last = replace(now, said=now.said + last), _atom(kind, piece, pieces, flags, depth)
    found.append(replace(now, said=now.said + last))
    return found


def _is_end(kind: str, piece: str) -> bool:
    return (kind == "other" and piece in "^$") or (kind == "escape" and piece in (r"\A", r"\Z", r"\z"))


def _anchored(branch: _Branch, piece: str, flags: frozenset[str], *, is_inner: bool) -> _Branch:
    if is_inner or ("m" in flags and piece in "^$"):
        raise Unsupported("|re: lucene has no anchors but those of the whole pattern")
    if piece not in ("^", r"\A"):
        return replace(branch, at_end=True)
    if branch.said or branch.at_end:
        raise Unsupported("|re: lucene has no start amid a pattern")
    return replace(branch, at_start=True)


def _repeated(last: str, piece: str) -> str:
    """Lazy or not is the same to a search for whole values."""
    if not last:
        raise Unsupported("|re: lucene repeats no anchor")
    if piece.endswith("+") and len(piece) > 1:
        raise Unsupported("|re: lucene has no possessive repeat")
    plain = piece[:-1] if len(piece) > 1 and piece.endswith("?") else piece
    return f"{last}{'*' if plain == '{,}' else plain.replace('{,', '{0,')}"


def _atom(kind: str, piece: str, pieces: Iterator[Piece], flags: frozenset[str], depth: int) -> str:
    if lacking := regex.feature_of(kind, piece):
        raise Unsupported(f"|re: lucene has no {lacking} in regular expressions")
    if kind == "group":
        return _group(pieces, flags, depth + 1)
    if kind == "set":
        return _set(piece, flags)
    if kind == "escape":
        point = charset.code(piece)
        return _literal(chr(point), flags) if point is not None else _set(f"[{piece}]", flags)
    if piece == ".":
        return text.ONE if "s" in flags else "[^\n]"
    return _literal(piece, flags)


def _group(pieces: Iterator[Piece], flags: frozenset[str], depth: int) -> str:
    """An alternative that is empty is none to Lucene, so that the group becomes one that may be missing."""
    if depth > _DEEPEST:
        raise Unsupported(f"|re: groups more than {_DEEPEST} deep")
    said = [one.said for one in _branches(pieces, flags, depth=depth)]
    full = [one for one in said if one]
    if not full:
        raise Unsupported("|re: lucene has no empty group")
    group = f"({'|'.join(full)})"
    return group if len(full) == len(said) else f"({group}?)"


def _literal(one: str, flags: frozenset[str]) -> str:
    if 0xD800 <= ord(one) <= 0xDFFF:
        raise Unsupported(f"|re: U+{ord(one):04X} is half a character, which no text holds")
    if "i" not in flags:
        return text.character(one)
    found = _cases(one)
    return text.character(one) if len(found) == 1 else f"[{found}]"


def _cases(one: str) -> str:
    if not one.isascii():
        if one.lower() != one or one.upper() != one or one.casefold() != one:
            raise Unsupported(f"|re: {one!r} without regard to case: engines fold it in several ways")
        return one
    small = one.lower()
    return "".join(dict.fromkeys([small, small.upper(), *_FOLDED.get(small, "")]))


def _set(piece: str, flags: frozenset[str]) -> str:
    negated = piece.startswith("[^")
    members = list(charset.members(piece[2:-1] if negated else piece[1:-1]))
    ignores = "i" in flags
    spans = [span for one in members for span in _spans(one, ignores=ignores)]
    if charset.is_everything(spans):
        if negated:
            raise Unsupported("|re: a set that holds nothing")
        return text.ONE
    return f"[{'^' if negated else ''}{''.join(_span(*one) for one in spans)}]"


def _spans(member: str | tuple[int, int], *, ignores: bool) -> Ranges:
    """A class or a range, and the other case of its letters."""
    found = charset.spans(member, ignores_case=ignores)
    if isinstance(member, str) or not ignores:
        return found
    low, high = member
    if high > _LAST_OF_ASCII:
        if low != high:
            raise Unsupported(
                "|re: letters beyond ASCII without regard to case: engines fold them differently"
            )
        _cases(chr(low))
        return found
    letters = "".join(_cases(chr(code)) for code in range(low, high + 1))
    return (*found, *((ord(one), ord(one)) for one in dict.fromkeys(letters) if not low <= ord(one) <= high))


def _span(low: int, high: int) -> str:
    if low == high:
        return text.member(chr(low))
    return f"{text.member(chr(low))}-{text.member(chr(high))}"
