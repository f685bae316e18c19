"""What a small SPL means, by Splunk's documentation, without Splunk: an oracle for what we convert.

`run` gives a search's results; `outcome` also the lookups it left. Both raise NotInGrammar for what they do
not know and Undocumented where the documentation does not decide. Nothing is shared with what prints SPL.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.pipeline import run_search, visible
from tests.languages.spl.results import Rows, State

__all__ = ["Event", "NotInGrammar", "Outcome", "Rows", "Undocumented", "outcome", "run"]

Event: TypeAlias = Mapping[str, Any]
"""As Splunk has it at search time: `_time` (seconds, fractions too), `_indextime`, texts, lists of texts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results, every lookup as it is afterwards, and the names of those written, in order."""

    rows: Rows
    lookups: Mapping[str, Rows]
    written: tuple[str, ...]


def outcome(
    query: str,
    events: Sequence[Event],
    *,
    now_ms: int,
    macros: Mapping[str, str] | None = None,
    lookups: Mapping[str, Rows] | None = None,
    collections: Collection[str] = (),
    reverse_ties: bool = False,
    memory: int | None = None,
) -> Outcome:
    """Run a search at `now_ms`, in UTC.

    `macros`: "name" or "name(a,b)" → text. `lookups`: name → rows of texts; names in `collections` are in
    the KV store. `reverse_ties` takes equals of every order (events of one time, sort, rows of stats) the
    other way round: an answer that hangs on it hangs on nothing written. `memory` is the number of results
    at which eventstats and mvexpand have used up theirs.
    """
    tables = {name: [dict(row) for row in rows] for name, rows in (lookups or {}).items()}
    state = State(events, now_ms, macros or {}, tables, collections, reverse_ties, memory)
    rows = run_search(query, state)
    return Outcome(visible(rows), state.tables, tuple(state.written))


def run(query: str, events: Sequence[Event], *, now_ms: int, **options: Any) -> Rows:
    """The results alone; options as of `outcome`."""
    return outcome(query, events, now_ms=now_ms, **options).rows
