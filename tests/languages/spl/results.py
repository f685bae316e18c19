"""Results on their way through the pipeline, and what a search knows besides them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.languages.spl.errors import Undocumented
from tests.languages.spl.values import text, whole

Row: TypeAlias = dict[str, Any]
"""Field → text, number, list of texts, or an Undocumented that is raised by reading it."""
Rows: TypeAlias = list[Row]


@dataclass(slots=True)
class State:
    """What commands read and write besides the results."""

    events: Sequence[Mapping[str, Any]]
    now_ms: int
    macros: Mapping[str, str]
    tables: dict[str, Rows]
    collections: Collection[str]
    reverse_ties: bool
    memory: int | None = None
    written: list[str] = field(default_factory=list)

    def remembered(self, count: int) -> int:
        """How many of so many results a command keeps until it has reached its limit of memory."""
        return count if self.memory is None else min(count, self.memory)

    def ties(self, rows: Rows) -> Rows:
        """Rows before a sort: the order of equals is not written, so a caller may ask for the other one."""
        return rows[::-1] if self.reverse_ties else rows


def value(row: Mapping[str, Any], name: str) -> Any:
    """The field's value or None."""
    found = row.get(name)
    if isinstance(found, Exception):
        raise found
    return found


def stored(row: Row, name: str, found: Any) -> None:
    """Put a value into a field; null "clears the field value" (null())."""
    if isinstance(found, frozenset):
        raise Undocumented(
            f"a boolean in field {name}"
        )  # "The result of an eval expression cannot be a Boolean"
    if found is None:
        row.pop(name, None)
    elif isinstance(found, tuple):
        row[name] = list(found) if len(found) > 1 else found[0]
    else:
        row[name] = str(found) if isinstance(found, str) else whole(found)


def single(row: Mapping[str, Any], name: str, use: str) -> Any:
    """The field's one value; a multivalue is refused."""
    found = value(row, name)
    if isinstance(found, list):
        raise Undocumented(f"the multivalue {name} in {use}")
    return found


def key(row: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, ...] | None:
    """What makes rows "identical" by these fields: their texts; None where one is absent."""
    found = [value(row, name) for name in names]
    if None in found:
        return None
    return tuple(tuple(one) if isinstance(one, list) else _plain(one) for one in found)


def _plain(one: Any) -> Any:
    return one if isinstance(one, float) else text(one)
