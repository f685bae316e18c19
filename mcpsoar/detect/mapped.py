"""A user's own events under our names, in SQL: the JSON text of each column, as the prelude takes it.

What `kit.mapping.event` does with one event this does with all, in one look at each line.
"""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase, ascii_uppercase

from mcpsoar.core.digest import canonical
from mcpsoar.core.event import Column
from mcpsoar.detect import prelude
from mcpsoar.detect.engines.duckdb import literal, literals, quoted
from mcpsoar.kit.mapping import MALFORMED, FieldMapping, Source, spellings

_Keys = tuple[str, ...]


def relation(source: str, columns: Sequence[Column], mapping: FieldMapping, *, extra: str = "") -> str:
    """A FROM clause with a column of JSON text for each column of the dictionary, and `extra`.

    `source` is one with a column `json`, a line each.
    """
    sources = {column.name: mapping.fields.get(column.name, Source()) for column in columns}
    paths = [path for one in sources.values() for path in one.paths]
    asked = list(dict.fromkeys(keys for path in paths for keys in spellings(path)))
    places = {keys: f"nullif(CAST(found[{at}] AS VARCHAR), 'null')" for at, keys in enumerate(asked, 1)}
    found = f"json_extract(json, {literals([_path(keys) for keys in asked])}) AS found"
    there = [f"{_place(one, places)} AS {quoted(name)}" for name, one in sources.items()]
    said = [f"CAST({_said(name, one)} AS VARCHAR) AS {quoted(name)}" for name, one in sources.items()]
    beside = prelude.aliases(extra)
    return (
        f"(SELECT {', '.join([*said, *beside])} FROM (SELECT {', '.join([*there, *beside])} "
        f"FROM (SELECT {', '.join([found, *([extra] if extra else [])])} FROM {source})))"
    )


def _path(keys: _Keys) -> str:
    return f"${''.join(f'.{quoted(key)}' for key in keys)}"


def _place(source: Source, places: Mapping[_Keys, str]) -> str:
    """The JSON text of the first path that is there."""
    if not source.paths:
        return "NULL"
    found = [[places[keys] for keys in spellings(path)] for path in source.paths]
    if len(found) == 1 and len(found[0]) == 1:
        return found[0][0]  # whether it is blank the prelude sees
    return f"coalesce({', '.join(_once([_there(one) for one in some]) for some in found)})"


def _there(text: str) -> str:
    return f"CASE WHEN {prelude.is_blank(text)} THEN NULL ELSE {text} END"


def _once(texts: Sequence[str]) -> str:
    """What one of them is; found twice it has no meaning."""
    if len(texts) == 1:
        return texts[0]
    some = ", ".join(texts)
    return f"CASE WHEN list_count([{some}]) > 1 THEN {_json(MALFORMED)} ELSE coalesce({some}) END"


def _said(name: str, source: Source) -> str:
    if source.constant is not None:
        return _json(source.constant)
    if source.values:
        return _translated(quoted(name), source.values)
    return _split(quoted(name), source.split) if source.split else quoted(name)


def _translated(text: str, values: Sequence[tuple[str, str]]) -> str:
    trimmed = f"trim({prelude.unquoted(text)}, {prelude.BLANKS})"
    word = f"translate({trimmed}, '{ascii_uppercase}', '{ascii_lowercase}')"
    is_plain = f"{text} IN ('true', 'false') OR regexp_full_match({text}, '-?[0-9]+')"
    pairs = " ".join(f"WHEN {literal(theirs)} THEN {_json(ours)}" for theirs, ours in values)
    return (
        f"CASE WHEN {text} IS NULL OR {prelude.is_blank(text)} THEN NULL ELSE "
        f"CASE CASE WHEN {text} LIKE '\"%' THEN {word} WHEN {is_plain} THEN {text} END "
        f"{pairs} ELSE {_json(MALFORMED)} END END"
    )


def _split(text: str, at: str) -> str:
    texts = f"CASE WHEN {text} LIKE '\"%' THEN [{prelude.unquoted(text)}] ELSE {prelude.texts(text)} END"
    pieces = f"string_split(array_to_string({texts}, {literal(at)}), {literal(at)})"
    return (
        f"CASE WHEN {text} IS NULL OR {text} = '[]' OR {prelude.is_blank(text)} THEN {text} "
        f"WHEN NOT list_contains({pieces}, '') THEN CAST(to_json({pieces}) AS VARCHAR) "
        f"ELSE {_json(MALFORMED)} END"
    )


def _json(value: object) -> str:
    return literal(canonical(value).decode())
