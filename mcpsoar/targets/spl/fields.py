"""The calculated fields that normalise events: what the prelude of the engine makes of a line of JSON.

`calculated` are the EVAL- settings of a source type whose KV_MODE is json. They run in parallel: none sees
what another makes, so a derived column holds the normal form of all that it is computed from. They overwrite
what was extracted under their name, with null too.

Field extraction drops what JSON says of a value's type: 5, "5" and a null that became "null" look alike, a
list has no length. `_raw` still tells: a key in quotes, a colon, and how the value begins. Inside a string
those quotes are escaped, so no value can pretend to be a key.
"""

from collections.abc import Mapping, Sequence

import sqlglot

from mcpsoar.core.event import Column, Kind
from mcpsoar.kit import stored
from mcpsoar.targets.spl import expression
from mcpsoar.targets.spl.held import Held
from mcpsoar.targets.spl.text import END, NO, Said, both, either, field, literal

_BLANKS = "".join(map(chr, stored.BLANKS))
_KEY = r'"{}"\s*:\s*'
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_EMPTY, _TEXTS = r"\[\s*\]", rf"\[\s*(?:{_STRING}[\s,]*)+\]"
_MANY = (
    100  # elements; a longer list is not looked through: patterns have a limit, and beyond it find nothing
)
_INTEGER = r"-?[0-9]{1,18}(\.0+)?"
_LONG, _SHORT = r"^(-?)0*([0-9]+?)(\.0+)?$", r"\1\2"
_NUMBER = r"-?[0-9]+(\.[0-9]+)?"
_BEFORE_POWER = "^.*[eE][+-]?0*(?=[0-9])"
_POWER = "[eE].*$"
_POWERS = ((r"e-[0-9]+", "/"), (r"e\+?[0-9]+", "*"))
_TRUE, _FALSE = "true|1", "false|0"
_ELSEWHERE = (Kind.TIME,)  # _time and _indextime are Splunk's own


def calculated(columns: Sequence[Column]) -> dict[str, str]:
    """Name → expression, for every column but the times. Raises Unsupported, naming the column's SQL."""
    normal = {column.name: _own(column) for column in columns if column.kind not in _ELSEWHERE}
    return {
        column.name: _whole(column, normal) if column.derived else _kept(normal[column.name])
        for column in columns
        if column.kind not in _ELSEWHERE
    }


def normalised(columns: Sequence[Column]) -> dict[str, Held]:
    """The columns as searches find them afterwards."""
    return {
        column.name: Held(
            column.kind,
            field(column.name),
            _is_list(column.name) if column.kind is Kind.TEXTS else None,
        )
        for column in columns
        if column.kind not in _ELSEWHERE
    }


def _kept(held: Held) -> str:
    return f"if({held.listed.text}, {held.text}, null())" if held.listed else held.text


def _whole(column: Column, normal: Mapping[str, Held]) -> str:
    """What the column's SQL makes of the others, else the event's own value; but what is worse wins."""
    tree = sqlglot.parse_one(column.derived, dialect="duckdb")
    if column.kind is not Kind.BOOL:
        return f"coalesce({expression.value(tree, normal)}, {normal[column.name].text})"
    made = [(expression.condition(tree, normal), "true"), (expression.false(tree, normal), "false")]
    own = [(_matches(column.name, _TRUE), "true"), (_matches(column.name, _FALSE), "false")]
    worse = [pair for pair in own if pair[1] == str(column.worse).lower()]
    pairs = [*worse, *made, *(pair for pair in own if pair not in worse)]
    return f"case({', '.join(f'{said.text}, {literal(word)}' for said, word in pairs if said != NO)})"


def _own(column: Column) -> Held:
    """A column as the event itself brings it, null when it is absent, blank or malformed."""
    name, here = column.name, field(column.name)
    match column.kind:
        case Kind.TEXT:
            filled = Said(f'trim({here}, {literal(_BLANKS)})!=""')
            is_text = both(_begins(name, '"'), Said(f"isnotnull({here})"), filled)
            return Held(column.kind, f"if({is_text.text}, {here}, null())")
        case Kind.ENUM:
            known = _matches(name, "|".join(column.values))
            return Held(column.kind, f"if({known.text}, lower({here}), null())")
        case Kind.BOOL:
            pairs = f'{_matches(name, _TRUE).text}, "true", {_matches(name, _FALSE).text}, "false"'
            return Held(column.kind, f"case({pairs})")
        case Kind.INTEGER:
            zero, whole = _matches(name, r"-?0+(\.0+)?"), _matches(name, _INTEGER)
            short = f"replace({here}, {literal(_LONG)}, {literal(_SHORT)})"
            return Held(column.kind, f'case({zero.text}, "0", {whole.text}, {short})')
        case Kind.NUMBER:
            return Held(column.kind, _number(name))
        case _:
            return Held(column.kind, _elements(name), _is_list(name))


def _number(name: str) -> str:
    """Without zeros before it, and without an exponent, which not every reader takes for a number."""
    here = field(name)
    sign, zeros = literal(r"\1"), literal(r"^(-?)0+(?=[0-9])")
    before = f"replace(replace({here}, {literal(_POWER)}, {literal('')}), {zeros}, {sign})"
    power = f"pow(10, tonumber(replace({here}, {literal(_BEFORE_POWER)}, {literal('')})))"
    pairs = [
        f"{_matches(name, _NUMBER + exponent).text}, exact(tonumber({before}){operator}{power})"
        for exponent, operator in _POWERS
    ]
    return f"case({', '.join(pairs)}, {_matches(name, _NUMBER).text}, replace({here}, {zeros}, {sign}))"


def _is_list(name: str) -> Said:
    """A list of nothing but texts, also where it is empty."""
    count = f"coalesce(mvcount({_elements(name)}), 0)"
    return either(
        Said(f"{count}>{_MANY}"),
        both(Said(f"{count}>0"), _begins(name, _TEXTS)),
        both(Said(f"{count}=0"), _begins(name, _EMPTY)),
    )


def _elements(name: str) -> str:
    """What the extraction calls the elements of a list."""
    return field(f"{name}{{}}")


def _begins(name: str, pattern: str) -> Said:
    return Said(f"match(_raw, {literal(_KEY.format(name) + pattern)})")


def _matches(name: str, pattern: str) -> Said:
    """Whatever the case, from end to end."""
    return Said(f"match({field(name)}, {literal(f'(?i)^({pattern}){END}')})")
