"""Events to be quiet about, as one command: names that a user wrote, compared exactly, never as patterns."""

from collections.abc import Sequence

from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.spl.text import Said, both, either, encoded, field

Entry = Sequence[tuple[str, str]]
EVERYTHING = "search *"


def quiet(entries: Sequence[Entry], columns: Sequence[Column]) -> str:
    """Keeps an event unless every column of some entry has the entry's value; enumerations fold case."""
    kinds = {column.name: column.kind for column in columns}
    kept = [either(*(_differs(name, value, kinds[name]) for name, value in entry)) for entry in entries]
    return f"where {both(*kept).text}" if kept else EVERYTHING


def equals(name: str, value: str) -> str:
    """Whether a field that may be absent has exactly this value; both stay texts, however like numbers."""
    return f'isnotnull({field(name)}) AND ({field(name)}."")={encoded(value)}'


def _differs(name: str, value: str, kind: Kind) -> Said:
    wanted = value.lower() if kind is Kind.ENUM else value
    here = field(name)
    return Said(f'isnull({here}) OR ({here}."")!={encoded(wanted)}', "OR")
