"""How DuckDB is made to read NDJSON: as JSON text, strictly, and nothing unseen.

The quick way reads a log's fields as columns, and gives up at whatever it did not expect: a key that turns up
late, an object inside, a key that stands twice. The thorough way reads whole lines and takes each apart.
"""

import json
import re
from collections.abc import Sequence

from mcpsoar.core.event import Column
from mcpsoar.detect import prelude
from mcpsoar.detect.engines.duckdb import Connection, literal, literals, quoted, rows
from mcpsoar.detect.files import Source
from mcpsoar.detect.lines import LONGEST
from mcpsoar.detect.view import View

_OPTIONS = (
    "format = 'newline_delimited', maximum_depth = 1, map_inference_threshold = -1, "
    "field_appearance_threshold = 0, sample_size = 2048"
)
_STRANGERS = 32  # reading more keys that are no columns costs more than it saves
_NUMBER = re.compile(r"_\d+$")
_STRINGS = r'"(?:[^"\\]|\\.)*"'
# outside of strings: a comma before a closing bracket, what is no number or too big, what is nested deeply
_LOOSE = r"(?i),[ \t\r]*[}\]]|[:,\[ \t\r-](?:nan|inf|[0-9.]+e[+-]?[0-9]{3}|[0-9]{300})|(?:[\[{][^\[{]*){64}"


def fields(connection: Connection, sources: Sequence[Source], columns: Sequence[Column]) -> View | None:
    """The quick way, or None where the first lines already show what it cannot read.

    The engine detects the columns itself, because only then does it refuse a key that it did not expect; and
    it finds a key that stands twice only among those it expects.
    """
    files = _files(sources)
    relation = f"read_json({files}, {_OPTIONS})"
    found = [name for name, *_ in rows(connection, f"DESCRIBE SELECT * FROM {relation}")]
    known = {column.name for column in columns}
    strangers = [name for name in found if name not in known]
    # the engine's names ignore case, and it numbers the second of two
    has_twin_names = any(_NUMBER.sub("", name).lower() in known for name in strangers)
    if has_twin_names or len(strangers) > _STRANGERS:
        return None
    here = [column for column in columns if column.name in found]
    strange = [f"x{index}" for index in range(len(strangers))]
    told = [
        f"CAST({quoted(column.name) if column in here else 'NULL'} AS VARCHAR) AS {quoted(column.name)}"
        for column in columns
    ]
    told += [
        f"CAST({quoted(key)} AS VARCHAR) AS {name}" for key, name in zip(strangers, strange, strict=True)
    ]
    well = [*map(prelude.is_well, here), *map(prelude.is_well_unknown, strange)]
    suspects = [prelude.is_suspect(name) for name in (*(column.name for column in here), *strange)]
    return View(
        text=f"(SELECT {', '.join(told)} FROM {relation})",
        is_odd=prelude.some_fail(well),
        is_suspect=" OR ".join(suspects) or "TRUE",
        here=here,
    )


def lines(sources: Sequence[Source], columns: Sequence[Column], *, are_clean: bool = False) -> View:
    """The thorough way; `are_clean` lines have been read by Python before, and are not doubted."""
    spec = json.dumps({column.name: "JSON" for column in columns})
    told = [f"CAST(event.{quoted(column.name)} AS VARCHAR) AS {quoted(column.name)}" for column in columns]
    loose = "FALSE" if are_clean else f"({_has_twins('json')} OR {_is_loose('CAST(json AS VARCHAR)')})"
    well = prelude.some_fail([prelude.is_well(column) for column in columns])
    return View(
        text=(
            f"(SELECT {', '.join(told)}, is_loose FROM ("
            f"SELECT json_transform(json, {literal(spec)}) AS event, {loose} AS is_loose "
            f"FROM read_ndjson_objects({_files(sources)})))"
        ),
        is_odd=f"(is_loose OR {well})",
        is_suspect="is_loose",
        here=columns,
    )


def loose_lines(connection: Connection, sources: Sequence[Source]) -> int:
    """How many lines hold a comma that the engine forgives and JSON does not, or are longer than it takes."""
    line = "CAST(json AS VARCHAR)"
    seen = [f"contains({line}, '{pair}')" for pair in (",}", " }", ",]", " ]")]
    seen += [f"contains({line}, chr({code}))" for code in (9, 13)]  # in a string they are escaped
    loose = f"CASE WHEN {' OR '.join(seen)} THEN {_is_loose(line)} ELSE FALSE END"
    where = f"{loose} OR strlen({line}) > {LONGEST}"
    return int(
        rows(connection, f"SELECT count(*) FROM read_ndjson_objects({_files(sources)}) WHERE {where}")[0][0]
    )


def _files(sources: Sequence[Source]) -> str:
    return f"{literals([source.log.path for source in sources])}, compression = {literal(sources[0].form)}"


def _is_loose(line: str) -> str:
    bare = f"regexp_replace({line}, '{_STRINGS}', '', 'g')"
    return f"(regexp_matches({line}, '{_LOOSE}') AND regexp_matches({bare}, '{_LOOSE}'))"


def _has_twins(line: str) -> str:
    """TRUE for a line with a key that stands twice, at any depth."""
    inner = f"list_filter(json_extract({line}, '$.**'), lambda part: part LIKE '{{%' AND {_repeats('part')})"
    deep = f"CASE WHEN {line} LIKE '{{%{{%' THEN len({inner}) > 0 ELSE FALSE END"
    return f"(coalesce({_repeats(line)}, FALSE) OR {deep})"


def _repeats(part: str) -> str:
    return f"len(json_keys({part})) <> list_unique(json_keys({part}))"
