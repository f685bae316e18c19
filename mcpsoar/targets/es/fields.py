"""What the fields of an event are in Elastic: how each is stored, and the EVALs that bring it to normal form.

Normal form is what `sql/schema.sql` says of a column: a blank text, a value that an enumeration does not
have, or several values where one belongs is absent; what is derived is computed.
What JSON tells apart and a stored field does not (`"x"` and `["x"]`, `[]` and nothing) is settled before it
is stored: such a list is in `mcp.empty_lists`, such a text is left out.
"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from mcpsoar.core.event import Column, Kind
from mcpsoar.kit import stored
from mcpsoar.targets.es import OLDEST, paths
from mcpsoar.targets.es.expression import Printer
from mcpsoar.targets.es.text import quoted

# page "ignore_above": a term has at most 32766 bytes, a longer one rejects its event; a character has up to 4
LONGEST = 32_766 // 4
_BLANKS = "".join(map(chr, stored.BLANKS))
_WORDS = {"type": "keyword", "ignore_above": LONGEST}
_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: _WORDS,
    Kind.ENUM: {**_WORDS, "normalizer": "lowercase"},
    Kind.BOOL: {"type": "boolean"},
    Kind.INTEGER: {"type": "long"},
    Kind.NUMBER: {"type": "double"},
    Kind.TIME: {"type": "date"},
    Kind.TEXTS: _WORDS,
}
# beside the columns: what an address is searched by, what became of an event on its way in, and its arguments
_BESIDE: dict[str, dict[str, Any]] = {
    paths.ADDRESS: {"type": "ip", "ignore_malformed": True},
    paths.EMPTY_LISTS: _WORDS,
    paths.TRUNCATED: _WORDS,
    "event.dataset": _WORDS,
    "event.kind": _WORDS,
    "error.message": {"type": "match_only_text"},
    paths.ARGUMENTS: {"type": "flattened", "ignore_above": LONGEST},
}


def template(columns: Sequence[Column]) -> dict[str, Any]:
    """The component template: one field a column and no other, whatever an event brings.

    Only enumerations are folded, because names and hashes compare exactly.
    """
    properties: dict[str, Any] = {}
    types = {paths.of(column.name): _TYPES[column.kind] for column in columns} | _BESIDE
    for path, kind in sorted(types.items()):
        *above, own = path.split(".")
        place = properties
        for part in above:
            place = place.setdefault(part, {"properties": {}})["properties"]
        place[own] = dict(kind)
    return {
        "_meta": {"description": f"Fields of the MCP audit log, for Elasticsearch {OLDEST} and later"},
        "template": {"mappings": {"dynamic": False, "properties": properties}},
    }


def evals(columns: Sequence[Column], wanted: Collection[str]) -> tuple[str, ...]:
    """`field = expression` in the order to compute them, for the wanted columns and what these derive from.

    Raises Unsupported for an expression that ES|QL cannot say.
    """
    trees = derived(columns, wanted)
    needed = set(wanted) | {one.name for tree in trees.values() for one in tree.find_all(exp.Column)}
    given = [column for column in columns if column.name in needed and not column.derived]
    printer = Printer(columns)
    own = [_assigned(column, normal(column, paths.of(column.name))) for column in given]
    made = [
        _assigned(
            column, whole(column, printer.value(trees[column.name]), normal(column, paths.of(column.name)))
        )
        for column in columns
        if column.name in trees
    ]
    return tuple(one for one in (*own, *made) if one)


def derived(columns: Sequence[Column], wanted: Collection[str]) -> dict[str, exp.Expr]:
    """The SQL of those of the wanted columns that are computed from others, by name."""
    return {
        column.name: sqlglot.parse_one(column.derived, dialect="duckdb")
        for column in columns
        if column.name in wanted and column.derived
    }


def whole(column: Column, made: str, own: str) -> str:
    """What the column's SQL makes of the others, else the event's own value; but what is worse wins."""
    value = f"COALESCE({made}, {own})"
    worse = str(column.worse).lower()
    return value if column.worse is None else f"CASE({own} == {worse}, {worse}, {value})"


def normal(column: Column, field: str) -> str:
    """The normal form of a column that is stored in `field`."""
    path = paths.quoted(field)
    match column.kind:
        case Kind.TEXT:
            return f"CASE(NOT {blank(field)}, {path})"
        case Kind.ENUM:
            values = ", ".join(map(quoted, column.values))
            return f"CASE(TO_LOWER({path}) IN ({values}), TO_LOWER({path}))"
        case Kind.BOOL | Kind.INTEGER | Kind.NUMBER:
            return f"CASE(MV_COUNT({path}) == 1, {path})"
        case Kind.TIME | Kind.TEXTS:
            return path


def blank(field: str) -> str:
    """Whether a text is nothing but blanks; null for several."""
    return f"{paths.quoted(field)} RLIKE {quoted(f'[{_BLANKS}]*')}"


def _assigned(column: Column, value: str) -> str:
    path = paths.quoted(paths.of(column.name))
    return f"{path} = {value}" if value != path else ""
