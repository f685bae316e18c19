"""What is wrong with a mapping: every complaint, with its line."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Column, Kind
from mcpsoar.kit import yamltext
from mcpsoar.kit.complaints import unknown
from mcpsoar.kit.mapping import MappingKey

_NAME = MappingKey("name", r"[a-z0-9][a-z0-9_-]*", "name is a word in lower case, such as example-gateway")
_SETTINGS = ("from", "values", "split", "constant")
_MOST_KEYS = 4  # of a path: of n keys there are 2^(n-1) spellings
# what Splunk's and Elastic's expressions and DuckDB's paths all take as it is written
_KEY = re.compile(r"[\w@:/-]+(?: +[\w@:/-]+)*")
_SPLIT = re.compile(r"[ ,;:|/+]")  # what no pattern of any SIEM takes for something else
_PRINTED = re.compile(r"[ -~]+")
_WHOLE = 10**18


def complaints(
    located: yamltext.Located, columns: Sequence[Column], own: Sequence[MappingKey]
) -> Iterator[BadContent]:
    """All of them; none for a file that can be used."""
    value = located.value
    names = [key.name for key in (_NAME, *own)]
    if not isinstance(value, dict):
        yield located.bad(f"is no mapping: a YAML map of {', '.join(names)} and fields")
        return
    yield from unknown(located, value, (*names, "fields"))
    for key in (_NAME, *own):
        said = value.get(key.name)
        is_well = isinstance(said, str) and re.fullmatch(key.pattern, said)
        if (key.name in value or key is _NAME) and not is_well:
            yield located.bad(key.said, key.name)
    fields = value.get("fields")
    if not isinstance(fields, dict):
        yield located.bad("fields is a map from our column to your field", "fields")
        return
    by_name = {column.name: column for column in columns}
    yield from unknown(located, fields, by_name, "fields")
    if "event_time" not in fields:
        yield located.bad("event_time is missing, without which no line is an event", "fields")
    for name, said in fields.items():
        if name in by_name:
            yield from _field(located, by_name[name], said)


def _field(located: yamltext.Located, column: Column, said: Any) -> Iterator[BadContent]:
    at = ("fields", column.name)
    if not isinstance(said, dict):
        yield from _paths(located, said, *at)
        return
    yield from unknown(located, said, _SETTINGS, *at)
    if ("from" in said) == ("constant" in said):
        yield located.bad("has either from or constant", *at)
    elif "constant" in said:
        if len(said) > 1:
            yield located.bad("a constant stands alone", *at)
        if not _is_of_kind(said["constant"], column):
            yield located.bad(f"no constant of {_named(column)}", *at, "constant")
    else:
        yield from _paths(located, said["from"], *at, "from")
    if "values" in said:
        yield from _values(located, column, said["values"])
    if "split" in said and column.kind is not Kind.TEXTS:
        yield located.bad("split is for lists", *at, "split")
    elif "split" in said and not (isinstance(said["split"], str) and _SPLIT.fullmatch(said["split"])):
        yield located.bad('split is one character between elements, such as " " or ","', *at, "split")


def _paths(located: yamltext.Located, said: Any, *at: str) -> Iterator[BadContent]:
    paths = said if isinstance(said, list) else [said]
    if not paths or not all(isinstance(path, str) for path in paths):
        yield located.bad("is a path such as target.server.name, or a list of them", *at)
        return
    for number, path in enumerate(paths):
        place: tuple[str | int, ...] = (*at, number) if isinstance(said, list) else at
        keys = path.split(".")
        if not all(map(_KEY.fullmatch, keys)):
            yield located.bad(
                f"{path!r}: keys are of letters, digits, _ - @ : / and blanks within, with points between",
                *place,
            )
        elif len(keys) > _MOST_KEYS:
            yield located.bad(f"{path!r} has more than {_MOST_KEYS} keys", *place)


def _values(located: yamltext.Located, column: Column, said: Any) -> Iterator[BadContent]:
    at = ("fields", column.name, "values")
    if column.kind not in (Kind.ENUM, Kind.BOOL, Kind.TEXT):
        yield located.bad("values are for enumerations, booleans and texts", *at)
        return
    if not isinstance(said, dict) or not said:
        yield located.bad("values is a map from your word to ours", *at)
        return
    seen: set[str] = set()
    for key, to in said.items():
        if not isinstance(key, str):
            yield located.bad(f"{key!r} is no text; put it in quotes", *at, key)
            continue
        word = key.strip().lower()
        if not _PRINTED.fullmatch(word) or word == "null":
            yield located.bad(f"{key!r} is no word in ASCII, or null, which is absent", *at, key)
        if word in seen:
            yield located.bad(f"{key!r} stands twice: case and blanks around it do not count", *at, key)
        seen.add(word)
        if not _is_of_kind(to, column):
            yield located.bad(f"{to!r} is no value of {_named(column)}", *at, key)


def _is_of_kind(value: Any, column: Column) -> bool:
    match column.kind:
        case Kind.TEXT:
            return isinstance(value, str) and bool(value.strip()) and value.isprintable()
        case Kind.ENUM:
            return isinstance(value, str) and value in column.values
        case Kind.BOOL:
            return isinstance(value, bool)
        case Kind.INTEGER:
            return type(value) is int and abs(value) < _WHOLE
        case Kind.NUMBER:
            return type(value) in (int, float) and math.isfinite(value) and abs(value) < _WHOLE
        case _:
            return False


def _named(column: Column) -> str:
    values = f" ({', '.join(column.values)})" if column.values else ""
    return f"{column.name}, which is {column.kind.value}{values}"
