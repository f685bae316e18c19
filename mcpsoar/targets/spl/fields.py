"""The calculated fields that normalise events: what the prelude of the engine makes of a line of JSON.

`calculated` are the EVAL- settings of a source type whose KV_MODE is json. They run in parallel: none sees
what another makes, so a derived column holds the normal form of all that it is computed from. They overwrite
what was extracted under their name, with null too.
"""

from collections.abc import Mapping, Sequence

import sqlglot

from mcpsoar.core.event import Column, Kind
from mcpsoar.kit.mapping import FieldMapping, Source
from mcpsoar.targets.spl import expression, own
from mcpsoar.targets.spl.held import Held
from mcpsoar.targets.spl.text import NO, Said, field, literal

_ELSEWHERE = (Kind.TIME,)  # _time and _indextime are Splunk's own


def calculated(columns: Sequence[Column], *, sources: FieldMapping | None = None) -> dict[str, str]:
    """Name → expression, for every column but the times. Raises Unsupported, naming the column's SQL.

    `sources` tells where the columns are in the events of another source type; without it each is under its
    own name. A column that has no source is null there, also where an event has a field of its name.
    """
    asked = [column for column in columns if column.kind not in _ELSEWHERE]
    normal = {column.name: own.held(column, _source(column, sources)) for column in asked}
    return {
        column.name: _whole(column, normal) if column.derived else _kept(normal[column.name])
        for column in asked
    }


def normalised(columns: Sequence[Column]) -> dict[str, Held]:
    """The columns as searches find them afterwards."""
    return {
        column.name: Held(
            column.kind,
            field(column.name),
            own.held(column, Source((column.name,))).listed,
        )
        for column in columns
        if column.kind not in _ELSEWHERE
    }


def _source(column: Column, sources: FieldMapping | None) -> Source:
    return Source((column.name,)) if sources is None else sources.fields.get(column.name, Source())


def _kept(held: Held) -> str:
    return f"if({held.listed.text}, {held.text}, null())" if held.listed else held.text


def _whole(column: Column, normal: Mapping[str, Held]) -> str:
    """What the column's SQL makes of the others, else the event's own value; but what is worse wins."""
    tree = sqlglot.parse_one(column.derived, dialect="duckdb")
    here = normal[column.name]
    if column.kind is not Kind.BOOL:
        value = expression.value(tree, normal)
        return value if here.text == own.NOTHING else f"coalesce({value}, {here.text})"
    made = [(expression.condition(tree, normal), "true"), (expression.false(tree, normal), "false")]
    said = [(Said(f'{here.text}="{word}"'), word) for word in ("true", "false") if here.text != own.NOTHING]
    worse = [pair for pair in said if pair[1] == str(column.worse).lower()]
    pairs = [*worse, *made, *(pair for pair in said if pair not in worse)]
    known = ", ".join(f"{said.text}, {literal(word)}" for said, word in pairs if said != NO)
    return f"case({known})" if known else own.NOTHING
