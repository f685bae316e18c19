"""A user's own events under our names: where each column stands in them, and one event read so.

A path is written with points, as Splunk and Elastic show it. `a.b` is the key b in the object a, and as well
the key "a.b", because no SIEM tells the two apart; found twice in one event it is malformed, not a choice.
Paths walk objects and no lists. What is null or a blank text is not there, as everywhere.
What comes out is not yet in normal form: that is made afterwards, by the kind of the column.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcpsoar.core.digest import Facts, Json

MALFORMED: Json = {}  # of no kind that a column has: absent, and counted


@dataclass(frozen=True, slots=True)
class Source:
    """Where one column comes from: the first of `paths` that is there, or a `constant`.

    `values` are the words of an enumeration, theirs → ours: they compare without blanks around them and
    without the case of ASCII, a word that is not among them is malformed, and so is all but texts, whole
    numbers and booleans. `split` is the one character between the elements of a list written as one text;
    a list of such texts is taken as one, and an empty element is malformed.
    """

    paths: tuple[str, ...] = ()
    constant: str | int | float | None = None
    values: tuple[tuple[str, str], ...] = ()
    split: str = ""


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """One mapping: a source for each column that they have; `own` is what it says to one SIEM or another."""

    name: str
    fields: Mapping[str, Source] = field(hash=False)
    own: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class MappingKey:
    """A text that one SIEM needs of a mapping: its pattern, and what is said where it is none."""

    name: str
    pattern: str
    said: str


def spellings(path: str) -> tuple[tuple[str, ...], ...]:
    """The keys, outermost first, that a path may be: `a.b` is ("a", "b") and ("a.b",)."""
    first, _, rest = path.partition(".")
    if not rest:
        return ((first,),)
    below = spellings(rest)
    joined = tuple((f"{first}.{keys[0]}", *keys[1:]) for keys in below)
    return (*((first, *keys) for keys in below), *joined)


def event(raw: Facts, mapping: FieldMapping) -> dict[str, Any]:
    """The facts of one event by column, as it wrote them; columns that it does not have are left out."""
    found = {name: _read(raw, source) for name, source in mapping.fields.items()}
    return {name: value for name, value in found.items() if value is not None}


def _read(raw: Facts, source: Source) -> Any:
    if source.constant is not None:
        return source.constant
    value = next((one for path in source.paths if (one := _at(raw, path)) is not None), None)
    if value is None:
        return None
    if source.values:
        return dict(source.values).get(_word(value), MALFORMED)
    return _pieces(value, source.split) if source.split else value


def _at(raw: Facts, path: str) -> Any:
    there = [one for keys in spellings(path) for one in _below(raw, keys) if _is_there(one)]
    return MALFORMED if len(there) > 1 else next(iter(there), None)


def _below(value: Any, keys: Sequence[str]) -> Iterator[Any]:
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return
        value = value[key]
    yield value


def _is_there(value: Any) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _folded(value.strip()) if isinstance(value, str) else str(value) if type(value) is int else ""


def _folded(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


def _pieces(value: Any, at: str) -> Any:
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in texts):
        return MALFORMED
    pieces = [piece for one in texts for piece in one.split(at)]
    return pieces if all(pieces) else MALFORMED
