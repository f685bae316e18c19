"""The prelude of DuckDB: from the JSON text of each field to the columns that rules and gates ask about.

Its input is a relation whose columns hold JSON text, strings with their quotes; `null` and a missing key
are NULL. Here and nowhere else on this engine: case, blanks, zones, and what counts as a value of its kind.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from mcpsoar.core.event import Column, Kind
from mcpsoar.detect.engines.duckdb import literal, quoted
from mcpsoar.kit import stored

FIRST_MS = 946_684_800_000  # 2000-01-01
SKEW_MS = 600_000
EPOCH_SPLIT = 100_000_000_000  # below: seconds
BLANKS = " || ".join(f"chr({code})" for code in stored.BLANKS)
_RFC3339 = (
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?"
)
_EPOCH = r"[0-9]{1,15}(\.[0-9]{1,9})?"
_INTEGER = r"-?[0-9]{1,18}(\.0+)?"
_NUMBER = r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_STRING = r'"([^"\\]|\\.)*"'
_TEXTS = rf"\[({_STRING}(,{_STRING})*)?\]"
_SCALAR = rf"({_STRING}|-?[0-9]{{1,18}}(\.[0-9]{{1,18}})?|true|false|null)"
_FLAT = rf"\[({_SCALAR}(,{_SCALAR})*)?\]"
_TRUE = ("true", "1", '"true"', '"1"')
_FALSE = ("false", "0", '"false"', '"0"')

TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.ENUM: "VARCHAR",
    Kind.BOOL: "BOOLEAN",
    Kind.INTEGER: "BIGINT",
    Kind.NUMBER: "DOUBLE",
    Kind.TIME: "TIMESTAMP",
    Kind.TEXTS: "VARCHAR",  # as JSON text
}


def relation(
    raw: str,
    columns: Sequence[Column],
    wanted: Iterable[str],
    *,
    extra: str = "",
    watched: Sequence[Column] = (),
    doubts: Sequence[str] = (),
) -> str:
    """CTEs, without WITH: `mcp_audit` holds event_ms, event_key, event_text, odd, `extra` and what is wanted.

    `raw` is a FROM clause with a column of JSON text for each column of the dictionary. event_ms is NULL
    where event_time is no time; whether it is in range is the reader's question. event_text is the JSON text
    of a good event_id: as good as event_key to tell two apart, and free. odd is TRUE for a row that wants a
    closer look: a `watched` field may not be of its kind, or one of the `doubts` about the raw row holds.
    """
    by_name = {column.name: column for column in columns}
    asked = [by_name[name] for name in by_name if name in set(wanted) | {"event_id"}]
    needed = set(asked)
    for column in asked:
        needed |= {by_name[name] for name in sources(column) if name in by_name}
    inner = [f"{value(column)} AS {quoted(column.name)}" for column in columns if column in needed]
    own = quoted("event_id")
    inner.append(f"{_text(own, own, own)} AS event_text")
    inner += [extra] if extra else []
    # a value that came out is a good one, so of the fields that are needed only those without are looked at
    twice = [column for column in watched if column in needed]
    once = [column for column in watched if column not in needed and column.name != "event_time"]
    fails = [_fails(is_well(column)) for column in once]
    inner.append(f"({' OR '.join([*doubts, *fails]) or 'FALSE'}) AS odd")
    inner += [f"{quoted(column.name)} AS {_raw(column)}" for column in twice]
    late = [_unless(_came_out(column), _fails(is_well(column, _raw(column)))) for column in twice]
    outer = [f"({' OR '.join(['odd', *late])}) AS odd"]
    outer += [f"{_final(column, by_name)} AS {quoted(column.name)}" for column in asked]
    return (
        f"fields AS (SELECT {instant('event_time')} AS event_ms, {', '.join(inner)} FROM {raw}), "
        f"mcp_audit AS (SELECT event_ms, event_id AS event_key, event_text, {', '.join(outer)}"
        f"{''.join(', ' + name for name in aliases(extra))} FROM fields)"
    )


def value(column: Column) -> str:
    """One field as a value of its kind; NULL when absent, blank or malformed. Lists stay lists here."""
    field = quoted(column.name)
    match column.kind:
        case Kind.TEXT:
            return _text(field, _unquoted_plain(field), unquoted(field))
        case Kind.ENUM:
            lower, upper = _whens(column.values, str.lower), _whens(column.values, str.upper)
            return f"CASE {field} {lower} {upper} ELSE CASE lower({field}) {lower} END END"
        case Kind.BOOL:
            other = f"CASE WHEN {_among(field, _TRUE)} THEN TRUE WHEN {_among(field, _FALSE)} THEN FALSE END"
            return f"CASE {field} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE ELSE {other} END"
        case Kind.INTEGER:
            bare = f"trim({field}, '\"')"
            usual = f"{field} > '/' AND {field} < ':' AND strlen({field}) < 10 AND {_is_whole(field)}"
            return (
                f"CASE WHEN {usual} THEN TRY_CAST({field} AS BIGINT) "
                f"WHEN regexp_full_match({bare}, '{_INTEGER}') "
                f"THEN TRY_CAST(split_part({bare}, '.', 1) AS BIGINT) END"
            )
        case Kind.NUMBER:
            bare = f"trim({field}, '\"')"
            number = f"TRY_CAST({bare} AS DOUBLE)"
            return (
                f"CASE WHEN regexp_full_match({bare}, '{_NUMBER}') AND isfinite({number}) THEN {number} END"
            )
        case Kind.TEXTS:
            return texts(field)
        case Kind.TIME:
            return f"make_timestamp({instant(column.name)} * 1000)"


def instant(name: str) -> str:
    """Milliseconds since 1970, floored, of RFC 3339 text or an epoch number; NULL for anything else."""
    field = quoted(name)
    text = _unquoted_plain(field)
    stamp = f"TRY_CAST(upper({text}) AS TIMESTAMPTZ)"
    # more digits than the engine keeps would be rounded, not floored
    long_stamp = f"TRY_CAST(upper(regexp_replace({text}, '(\\.[0-9]{{6}})[0-9]+', '\\1')) AS TIMESTAMPTZ)"
    number = f"TRY_CAST(trim({field}, '\"') AS DECIMAL(38, 9))"
    # the usual layout: at this length every part must have all its digits
    strict = f"epoch_ms(try_strptime({field}, '\"%Y-%m-%dT%H:%M:%S.%gZ\"'))"
    return (
        f"coalesce(CASE WHEN strlen({field}) = 26 THEN {strict} END, "
        f"CASE WHEN {_is_string(field)} AND regexp_full_match({text}, '{_RFC3339}') "
        f"THEN epoch_us(CASE WHEN strlen({field}) > 29 THEN {long_stamp} ELSE {stamp} END) // 1000 "
        f"WHEN regexp_full_match(trim({field}, '\"'), '{_EPOCH}') THEN "
        f"CAST(floor(CASE WHEN {number} < {EPOCH_SPLIT} THEN {number} * 1000 ELSE {number} END) AS BIGINT) "
        "END)"
    )


def texts(field: str) -> str:
    """The list of texts that a JSON text is; NULL for anything else."""
    found = f"CAST(CAST({field} AS JSON) AS VARCHAR[])"
    one = f"[substring({field}, 3, length({field}) - 4)]"
    return (
        f"CASE WHEN {_is_one(field)} AND NOT contains({field}, '\\') THEN {one} "
        f"WHEN regexp_full_match({field}, '{_TEXTS}') THEN {found} END"
    )


def sources(column: Column) -> list[str]:
    """The words of a derived column's expression: the columns that it is computed from are among them."""
    return re.findall(r"[a-z][a-z0-9_]*", column.derived)


def aliases(extra: str) -> list[str]:
    """The names that some selected expressions are given."""
    return re.findall(r" AS (\w+)(?:,|$)", extra)


def unquoted(field: str) -> str:
    """The string that a JSON text is."""
    return f"json_extract_string({field}, '$')"


def is_well(column: Column, field: str = "") -> str:
    """Cheap and never wrong about a bad value: FALSE sends the row to a closer look."""
    field = field or quoted(column.name)
    match column.kind:
        case Kind.TEXT | Kind.TIME:
            return _is_string(field)
        case Kind.ENUM:
            lower = [f'"{name}"' for name in (*column.values, "")]
            usual = _listed([*lower, *map(str.upper, lower)])
            return f"CASE WHEN {field} IN ({usual}) THEN TRUE ELSE {_among(field, lower)} END"
        case Kind.BOOL:
            return f"{field} IN ('true', 'false')"
        case Kind.INTEGER:
            is_short = f"TRY_CAST({field} AS BIGINT) IS NOT NULL AND strlen({field}) < 19"
            return f"({field} IS NULL OR {is_short} AND {_is_whole(field)})"
        case Kind.NUMBER:
            return f"({field} IS NULL OR coalesce(isfinite(TRY_CAST({field} AS DOUBLE)), FALSE))"
        case Kind.TEXTS:
            return f"CASE WHEN {_is_one(field)} THEN TRUE ELSE regexp_full_match({field}, '{_TEXTS}') END"


def is_strange(name: str) -> str:
    """TRUE where a key that is no column holds no string, no finite number, not true and not false."""
    field = quoted(name)
    return f"({field} IS NOT NULL AND NOT {_is_plain(field)})"


def is_malformed(column: Column) -> str:
    """TRUE where a field is there, is not blank, and is not of its kind."""
    field = quoted(column.name)
    return f"({field} IS NOT NULL AND NOT {is_blank(field)} AND ({value(column)}) IS NULL)"


def is_blank(field: str) -> str:
    """TRUE for a text of blanks or nothing."""
    return f"({_is_string(field)} AND {_is_blank(field)})"


def is_suspect(name: str) -> str:
    """TRUE where the engine's reading of a value could hide what makes its line no JSON."""
    field = quoted(name)
    return (
        f"({field} IS NOT NULL AND CASE WHEN {field} LIKE '[%' "
        f"THEN NOT regexp_full_match({field}, '{_FLAT}') ELSE NOT {_is_plain(field)} END)"
    )


def _final(column: Column, by_name: dict[str, Column]) -> str:
    own = quoted(column.name)
    if column.derived:  # nobody's own word beats the facts, unless it speaks against its sayer
        value = f"coalesce({column.derived}, {own})"
        worse = str(column.worse).upper()
        return value if column.worse is None else f"CASE WHEN {own} = {worse} THEN {worse} ELSE {value} END"
    return f"CAST(to_json({own}) AS VARCHAR)" if by_name[column.name].kind is Kind.TEXTS else own


def _fails(condition: str) -> str:
    return f"NOT coalesce({condition}, TRUE)"


def _came_out(column: Column) -> str:
    return "event_text" if column.name == "event_id" else quoted(column.name)


def _unless(value: str, condition: str) -> str:
    return f"CASE WHEN {value} IS NULL THEN {condition} ELSE FALSE END"


def _raw(column: Column) -> str:
    return quoted(f"raw {column.name}")


def _text(field: str, plain: str, other: str) -> str:
    """NULL unless it is a string and not blank; `plain` where it starts with no blank and escapes nothing."""
    usual = f"{field} >= '\"#' AND {field} < '\"~' AND NOT contains({field}, '\\')"
    return (
        f"CASE WHEN {usual} THEN {plain} WHEN {_is_string(field)} AND NOT {_is_blank(field)} THEN {other} END"
    )


def _is_whole(field: str) -> str:
    """TRUE for a number that is written without a point and without an exponent."""
    return f"NOT contains({field}, '.') AND NOT contains({field}, 'e')"


def _is_one(field: str) -> str:
    """TRUE for a list of one text without a comma in it."""
    return f"prefix({field}, '[\"') AND suffix({field}, '\"]') AND NOT contains({field}, ',')"


def _is_string(field: str) -> str:
    return f"{field} LIKE '\"%'"


def _is_plain(field: str) -> str:
    finite = f"strlen({field}) < 100 AND coalesce(isfinite(TRY_CAST({field} AS DOUBLE)), FALSE)"
    return f"CASE WHEN {_is_string(field)} OR {field} IN ('true', 'false') THEN TRUE ELSE {finite} END"


def _unquoted_plain(field: str) -> str:
    return f"substring({field}, 2, length({field}) - 2)"


def _is_blank(field: str) -> str:
    return f"(ltrim({unquoted(field)}, {BLANKS}) = '')"


def _among(field: str, values: Iterable[str]) -> str:
    return f"lower({field}) IN ({_listed(values)})"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(literal(value) for value in values)


def _whens(values: Iterable[str], written: Callable[[str], str]) -> str:
    return " ".join(f"WHEN '\"{written(name)}\"' THEN '{name}'" for name in values)
