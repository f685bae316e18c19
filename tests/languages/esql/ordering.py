"""SORT and LIMIT (their pages), and the limit that nobody wrote.

A table remembers which of its rows the product may order freely. Where a limit would cut among such rows,
what remains is not documented, so that is an error here and not a result.
"""

from collections.abc import Callable, Sequence
from functools import cmp_to_key

from tests.languages.esql.compiled import Compiled, Session, values_of
from tests.languages.esql.errors import Refused, Undocumented
from tests.languages.esql.expressions import compiled
from tests.languages.esql.tables import Row, Table, Value
from tests.languages.esql.tree import Sort, SortKey

_SORTABLE = ("boolean", "date", "double", "integer", "ip", "keyword", "long", "null")
# page "Limitations", result set size: both can be set otherwise on a cluster
IMPLICIT, MOST = 1_000, 10_000


def ordered(command: Sort, table: Table, session: Session) -> Table:
    """The rows by the keys; equal keys keep no order of before."""
    keys = [(key, compiled(key.expression, table.columns, session)) for key in command.keys]
    for _, read in keys:
        if read.kind not in _SORTABLE:
            raise Refused(f"SORT on {read.text}, which is {read.kind}")
    placed: list[tuple[tuple[Value, ...], Row]] = [
        (tuple(_place(key, read, row) for key, read in keys), row) for row in table.rows
    ]
    compare = _comparison([key for key, _ in keys])
    by_keys = cmp_to_key(compare)
    placed.sort(key=lambda one: by_keys(one[0]))
    ranks: list[int] = []
    for at, (values, _) in enumerate(placed):
        same = at > 0 and compare(placed[at - 1][0], values) == 0
        ranks.append(ranks[-1] if same else at)
    return Table(table.columns, [row for _, row in placed], ranks, unbounded_sort=True)


def limited(count: int, table: Table, what: str) -> Table:
    """The first rows, where it is documented which those are."""
    if len(table.rows) > count > 0 and table.ranks[count - 1] == table.ranks[count]:
        tied = [row for row, rank in zip(table.rows, table.ranks, strict=True) if rank == table.ranks[count]]
        if any(row != tied[0] for row in tied):
            raise Undocumented(f"{what} keeps {count} of {len(table.rows)} rows; which, no SORT decides")
    return Table(table.columns, table.rows[:count], table.ranks[:count])


def _place(key: SortKey, read: Compiled, row: Row) -> Value:
    """Of several values the lowest counts ascending, the highest descending."""
    values = values_of(read.evaluate(row))
    if not values:
        return None
    return max(values) if key.descending else min(values)


def _comparison(keys: Sequence[SortKey]) -> Callable[[Sequence[Value], Sequence[Value]], int]:
    def compare(one: Sequence[Value], other: Sequence[Value]) -> int:
        for key, left, right in zip(keys, one, other, strict=True):
            if left == right:
                continue
            if left is None or right is None:
                return -1 if (left is None) == key.nulls_first else 1
            return -1 if (left < right) != key.descending else 1
        return 0

    return compare
