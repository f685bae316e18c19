"""A column as the event itself brings it, null when it is absent, blank or malformed."""

from collections.abc import Sequence

from mcpsoar.core.event import Column, Kind
from mcpsoar.kit.mapping import Source
from mcpsoar.targets.spl.held import Held
from mcpsoar.targets.spl.place import BLANKS, Place
from mcpsoar.targets.spl.text import END, NO, YES, Said, both, either, literal, quoted

NOTHING = "null()"
_INTEGER = r"-?[0-9]{1,18}(\.0+)?"
_LONG, _SHORT = r"^(-?)0*([0-9]+?)(\.0+)?$", r"\1\2"
_NUMBER = r"-?[0-9]+(\.[0-9]+)?"
_BEFORE_POWER = "^.*[eE][+-]?0*(?=[0-9])"
_POWER = "[eE].*$"
_POWERS = ((r"e-[0-9]+", "/"), (r"e\+?[0-9]+", "*"))
_TRUE, _FALSE = "true|1", "false|0"


def held(column: Column, source: Source) -> Held:
    """By its source; a list is null where it is empty, and `listed` where it is there."""
    if source.constant is not None:
        return Held(column.kind, literal(_constant(source.constant)))
    if not source.paths:
        return Held(column.kind, NOTHING, NO if column.kind is Kind.TEXTS else None)
    places = [Place(path) for path in source.paths]
    found = [_at(column, source, place) for place in places]
    if len(found) == 1:
        return found[0]
    pairs = [f"{place.there.text}, {one.text}" for place, one in zip(places, found, strict=True)]
    text = f"case({', '.join(pairs)})"
    return Held(column.kind, text, _listed(places, found) if column.kind is Kind.TEXTS else None)


def _listed(places: Sequence[Place], found: Sequence[Held]) -> Said:
    before: list[Said] = []
    lists = []
    for place, one in zip(places, found, strict=True):
        lists.append(both(*before, place.there, one.listed or YES))
        before.append(place.missing)
    return either(*lists)


def _at(column: Column, source: Source, place: Place) -> Held:
    if source.values:
        return Held(column.kind, _translated(source, place))
    match column.kind:
        case Kind.TEXT:
            return Held(column.kind, place.text)
        case Kind.ENUM:
            known = _matches(place.scalar, "|".join(column.values))
            return Held(column.kind, f"if({known}, lower({place.scalar}), null())")
        case Kind.BOOL:
            here = place.scalar
            pairs = f'{_matches(here, _TRUE)}, "true", {_matches(here, _FALSE)}, "false"'
            return Held(column.kind, f"case({pairs})")
        case Kind.INTEGER:
            here = place.scalar
            zero, whole = _matches(here, r"-?0+(\.0+)?"), _matches(here, _INTEGER)
            short = f"replace({here}, {literal(_LONG)}, {literal(_SHORT)})"
            return Held(column.kind, f'case({zero}, "0", {whole}, {short})')
        case Kind.NUMBER:
            return Held(column.kind, _number(place.scalar))
        case _:
            return _split(source.split, place) if source.split else _whole_list(place)


def _whole_list(place: Place) -> Held:
    return Held(Kind.TEXTS, place.elements, place.listed)


def _split(at: str, place: Place) -> Held:
    """A text of pieces, or a list of such: none of them is empty."""
    piece = f"[^{quoted(at)}]+"
    pieces = f"^{piece}(?:{quoted(at)}{piece})*{END}"
    text = place.joined(at)
    is_well = Said(f'match(coalesce({text}, ""), {literal(pieces)})')
    return Held(
        Kind.TEXTS,
        f"if({is_well.text}, split({text}, {literal(at)}), null())",
        either(is_well, place.emptied),
    )


def _translated(source: Source, place: Place) -> str:
    words: dict[str, list[str]] = {}
    for theirs, ours in source.values:
        words.setdefault(ours, []).append(quoted(theirs))
    trimmed = f"trim({place.scalar}, {BLANKS})"
    pairs = [f"{_matches(trimmed, '|'.join(some))}, {literal(ours)}" for ours, some in words.items()]
    return f"case({', '.join(pairs)})"


def _constant(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(here: str) -> str:
    """Without zeros before it, and without an exponent, which not every reader takes for a number."""
    sign, zeros = literal(r"\1"), literal(r"^(-?)0+(?=[0-9])")
    before = f"replace(replace({here}, {literal(_POWER)}, {literal('')}), {zeros}, {sign})"
    power = f"pow(10, tonumber(replace({here}, {literal(_BEFORE_POWER)}, {literal('')})))"
    pairs = [
        f"{_matches(here, _NUMBER + exponent)}, exact(tonumber({before}){operator}{power})"
        for exponent, operator in _POWERS
    ]
    return f"case({', '.join(pairs)}, {_matches(here, _NUMBER)}, replace({here}, {zeros}, {sign}))"


def _matches(here: str, pattern: str) -> str:
    """Whatever the case, from end to end."""
    return f"match({here}, {literal(f'(?i)^({pattern}){END}')})"
