"""Multivalue eval functions (Search Reference 10.0, the page of that name); mvfilter is in evaluate.py."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.languages.spl.errors import Undocumented
from tests.languages.spl.patterns import regex
from tests.languages.spl.values import numeric, order, text


def _values(value: Any) -> tuple[str, ...]:
    """All values; a single one is "a field that contains a single value"."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (text(value),)


def packed(values: tuple[str, ...]) -> Any:
    """No values are null; one is the value itself."""
    return None if not values else values if len(values) > 1 else values[0]


def _mvcount(_now: int, value: Any) -> int | None:
    """ "If the field contains a single value, … 1. If the field has no values, … NULL"."""
    return len(_values(value)) or None


def _mvindex(_now: int, value: Any, start: Any, end: Any = None) -> Any:
    """ "Indexes start at zero … -1 … the last value … out of range or invalid, the result is NULL"."""
    values = _values(value)
    first = numeric(start)
    last = first if end is None else numeric(end)
    if not isinstance(first, int) or not isinstance(last, int):
        raise Undocumented("mvindex at a fraction")
    first, last = (one + len(values) if one < 0 else one for one in (first, last))
    if not 0 <= first <= last < len(values):
        return None
    return packed(values[first : last + 1])


def _mvfind(_now: int, value: Any, pattern: Any) -> int | None:
    """ "the index of the first matching value … If no values match, NULL"."""
    wanted = regex(text(pattern))
    return next((at for at, one in enumerate(_values(value)) if wanted.search(one)), None)


def _mvjoin(_now: int, value: Any, delimiter: Any) -> str | None:
    return None if value is None else text(delimiter).join(_values(value))


def _mvappend(_now: int, *values: Any) -> Any:
    """ "a single multivalue result that contains all of the values": a null has none."""
    return packed(tuple(one for value in values for one in _values(value)))


def _mvdedup(_now: int, value: Any) -> Any:
    return packed(tuple(dict.fromkeys(_values(value))))


def _mvsort(_now: int, value: Any) -> Any:
    """ "sorted lexicographically"."""
    return packed(tuple(sorted(_values(value), key=order)))


def _split(_now: int, value: Any, delimiter: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, tuple) or not text(delimiter):
        raise Undocumented("split of a multivalue, or by nothing")
    parts = text(value).split(text(delimiter))
    if "" in parts:
        raise Undocumented("an empty piece of split")
    return packed(tuple(parts))


MULTIVALUE: Mapping[str, tuple[int, int, Callable[..., Any]]] = {
    "mvappend": (1, 10_000, _mvappend),
    "mvcount": (1, 1, _mvcount),
    "mvdedup": (1, 1, _mvdedup),
    "mvfind": (2, 2, _mvfind),
    "mvindex": (2, 3, _mvindex),
    "mvjoin": (2, 2, _mvjoin),
    "mvsort": (1, 1, _mvsort),
    "split": (2, 2, _split),
}
