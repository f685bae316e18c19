"""Variants of a case that nobody writes: the same facts spelled otherwise, which must get the same answer.

Absent is absent: missing, null, '' and blanks are one thing. Enumerations and booleans are read in any case.
A list of texts has no order, names nothing twice, and is not the text that it holds.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from mcpsoar.core.content import Case
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.event import Column, Kind

Events = tuple[Facts, ...]
_ABSENT: tuple[tuple[str, Json], ...] = (("null", None), ("empty", ""), ("blank", "  "))
_ALWAYS = ("event_time", "event_id", "ingest_time")  # identity: without it an event is another one


@dataclass(frozen=True, slots=True)
class Variant:
    """`events` must be answered as `like` is: by matches at the same places."""

    name: str
    events: Events
    like: Events


def each(case: Case, columns: Sequence[Column], read: Collection[str]) -> Iterator[Variant]:
    """One variant a spelling and column, for the columns that are `read`."""
    for column in columns:
        if column.name in read and column.name not in _ALWAYS:
            yield from _absent(case.events, column)
            for name, spelled in _spellings(column):
                events = _with(case.events, column.name, spelled)
                if events != case.events:
                    yield Variant(f"{column.name} {name}", events, case.events)


def together(case: Case, columns: Sequence[Column], read: Collection[str]) -> Iterator[Variant]:
    """The same for what is dear to ask, such as a detection: two variants, each in all columns."""
    some = [column for column in columns if column.name in read and column.name not in _ALWAYS]
    fills = {column.name: _ABSENT[at % len(_ABSENT)][1] for at, column in enumerate(some)}
    missing = [{key: fills[key] for key in fills if event.get(key) is None} for event in case.events]
    events: Events = tuple({**event, **blank} for event, blank in zip(case.events, missing, strict=True))
    if events != case.events:
        yield Variant("what is missing null, empty or blank", events, case.events)
    events = case.events
    for column in some:
        for _, spelled in _spellings(column):
            events = _with(events, column.name, spelled)
    if events != case.events:
        yield Variant("in upper case", events, case.events)


def _absent(events: Events, column: Column) -> Iterator[Variant]:
    without = tuple({key: event[key] for key in event if key != column.name} for event in events)
    for name, value in _ABSENT:
        yield Variant(
            f"{column.name} {name}", tuple({**event, column.name: value} for event in without), without
        )
    if column.kind is Kind.TEXTS:
        bare = tuple({**event, column.name: _first(event.get(column.name))} for event in events)
        yield Variant(f"{column.name} a text and no list", bare, without)


def _first(value: Json) -> Json:
    return value[0] if isinstance(value, list) and value else None


def _spellings(column: Column) -> Iterator[tuple[str, Callable[[Json], Json]]]:
    if column.kind is Kind.ENUM:
        yield "in upper case", lambda value: value.upper() if isinstance(value, str) else value
    if column.kind is Kind.BOOL:
        yield "in upper case", lambda value: str(value).upper() if isinstance(value, bool) else value
    if column.kind is Kind.TEXTS:
        yield "in another order", lambda value: value[::-1] if isinstance(value, list) else value
        yield "named twice", lambda value: [*value, *value] if isinstance(value, list) else value


def _with(events: Events, name: str, spelled: Callable[[Json], Json]) -> Events:
    return tuple({**event, name: spelled(event[name])} if name in event else event for event in events)
