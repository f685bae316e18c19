"""How DuckDB is made to read NDJSON: as JSON text, strictly, and nothing unseen.

The quick way reads a log's fields as columns, and gives up at whatever it did not expect: a key that turns up
late, an object inside, a key that stands twice. A seed tells it all the keys beforehand. The thorough way
reads whole lines and takes each apart.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mcpsoar.core.event import Column
from mcpsoar.detect import mapped, prelude
from mcpsoar.detect.engines.duckdb import Connection, literal, paths, quoted, rows
from mcpsoar.detect.lines import LONGEST
from mcpsoar.detect.rawbytes import PAIRS, SPACES
from mcpsoar.detect.view import View
from mcpsoar.kit.mapping import FieldMapping

_SAMPLE = 2048
_OPTIONS = (
    "format = 'newline_delimited', maximum_depth = 1, map_inference_threshold = -1, "
    f"field_appearance_threshold = 0, sample_size = {_SAMPLE}"
)
_EXTRAS = 32  # reading more keys that are no columns costs more than it saves
_LAYOUTS = 1000
_NUMBER = re.compile(r"_\d+$")
_LINE = "CAST(json AS VARCHAR)"
_BARE = f"""regexp_replace({_LINE}, '"(?:[^"\\\\]|\\\\.)*"', '', 'g')"""  # without the strings
# outside of strings: a comma before a closing bracket, what is no number or too big
_LOOSE = r"(?i),[ \t\r]*[}\]]|[:,\[ \t\r-](?:nan|inf|[0-9.]+e[+-]?[0-9]{3}|[0-9.]{100})"
_DEEP = 64  # brackets in a line; a pattern that counts them is four times as slow as the rest


@dataclass(frozen=True, slots=True)
class Seed:
    """A first line with every key of a log, so that each is known before it comes.

    `mark` is one key more, which tells the seed's row from the log's: made after the log was written, so
    nobody can have put it there.
    """

    path: Path
    mark: str


def seed(connection: Connection, log: Path, columns: Sequence[Column], folder: Path) -> Seed | None:
    """Look for every key and write a seed; None where keys are too many, or one line has one of them twice.

    `folder` is a temporary one, with a name that cannot be guessed.
    """
    layouts = f"SELECT DISTINCT json_keys(json) AS keys FROM read_ndjson_objects({_files(log)})"
    found = rows(connection, f"SELECT keys FROM ({layouts}) LIMIT {_LAYOUTS}")
    names = {name for (keys,) in found for name in keys}
    are_many = len(found) == _LAYOUTS or len(names) > len(columns) + _EXTRAS
    if are_many or any(len(set(keys)) < len(keys) for (keys,) in found):
        return None
    path, mark = folder / f"seed-{len(list(folder.iterdir()))}", f"seed of {folder.name}"
    path.write_text(json.dumps({mark: 1, **dict.fromkeys(names)}) + "\n")
    return Seed(path, mark)


def fields(
    connection: Connection, log: Path, columns: Sequence[Column], first: Seed | None = None
) -> View | None:
    """The quick way, or None where the first lines already show what it cannot read.

    The engine detects the columns itself, because only then does it refuse a key that it did not expect; and
    it finds a key that stands twice only among those it expects.
    """
    known = {column.name for column in columns}
    widest = (
        f"SELECT max(len(json_keys(json))) FROM (FROM read_ndjson_objects({_files(log)}) LIMIT {_SAMPLE})"
    )
    if (rows(connection, widest)[0][0] or 0) > len(known) + _EXTRAS:
        return None  # to detect that many columns takes longer than to read them
    relation = f"read_json({_files(log, first)}, {_OPTIONS})"
    found = [name for name, *_ in rows(connection, f"DESCRIBE SELECT * FROM {relation}")]
    if first:
        if first.mark not in found:
            return None
        relation = f"{relation} WHERE {quoted(first.mark)} IS NULL"
        found.remove(first.mark)
    extras = [name for name in found if name not in known]
    # the engine's names ignore case, and it numbers the second of two
    has_twin_names = any(_NUMBER.sub("", name).lower() in known for name in extras)
    if has_twin_names or len(extras) > _EXTRAS:
        return None
    here = [column for column in columns if column.name in found]
    strange = [f"x{index}" for index in range(len(extras))]
    told = [
        f"CAST({quoted(column.name) if column in here else 'NULL'} AS VARCHAR) AS {quoted(column.name)}"
        for column in columns
    ]
    told += [f"CAST({quoted(key)} AS VARCHAR) AS {name}" for key, name in zip(extras, strange, strict=True)]
    suspects = [prelude.is_suspect(name) for name in (*(column.name for column in here), *strange)]
    return View(
        text=f"(SELECT {', '.join(told)} FROM {relation})",
        doubts=[prelude.is_strange(name) for name in strange],
        is_suspect=" OR ".join(suspects) or "TRUE",
        here=here,
    )


def lines(
    log: Path, columns: Sequence[Column], *, are_clean: bool = False, mapping: FieldMapping | None = None
) -> View:
    """The thorough way; `are_clean` lines have been read by Python before, and are not doubted.

    `mapping` tells where the columns are in lines that are not written in ours.
    """
    spec = json.dumps({column.name: "JSON" for column in columns})
    told = [f"CAST(event.{quoted(column.name)} AS VARCHAR) AS {quoted(column.name)}" for column in columns]
    doubts = [_has_twins("json"), _is_loose(f"regexp_matches({_LINE}, '{_LOOSE}')"), _is_deep()]
    loose = f"{'FALSE' if are_clean else ' OR '.join(doubts)} AS is_loose"
    source = f"read_ndjson_objects({_files(log)})"
    text = (
        f"(SELECT {', '.join(told)}, is_loose FROM ("
        f"SELECT json_transform(json, {literal(spec)}) AS event, {loose} FROM {source}))"
    )
    return View(
        text=mapped.relation(source, columns, mapping, extra=loose) if mapping else text,
        doubts=["is_loose"],
        is_suspect="is_loose",
        here=columns,
        is_whole=True,
    )


def loose_lines(connection: Connection, log: Path) -> int:
    """How many lines hold a comma that the engine forgives and JSON does not, or are longer than it takes."""
    seen = [f"contains({_LINE}, '{pair}')" for pair in PAIRS]
    seen += [f"contains({_LINE}, chr({ord(space)}))" for space in SPACES]
    where = f"{_is_loose(' OR '.join(seen))} OR strlen({_LINE}) > {LONGEST}"
    sql = f"SELECT count(*) FROM read_ndjson_objects({_files(log)}) WHERE {where}"
    return int(rows(connection, sql)[0][0])


def _files(log: Path, first: Seed | None = None) -> str:
    # of several logs the engine would keep neither the order nor every key of the later ones
    files = [str(first.path)] if first else []
    return f"{paths([*files, str(log)])}, compression = 'none', hive_partitioning = false"


def _is_loose(seems: str) -> str:
    return f"CASE WHEN {seems} THEN regexp_matches({_BARE}, '{_LOOSE}') ELSE FALSE END"


def _is_deep() -> str:
    seems = f"strlen({_LINE}) - strlen(replace(replace({_LINE}, '[', ''), '{{', '')) >= {_DEEP}"
    brackets = f"strlen(regexp_replace({_BARE}, '[^\\[{{]', '', 'g'))"
    return f"CASE WHEN {seems} THEN {brackets} >= {_DEEP} ELSE FALSE END"


def _has_twins(line: str) -> str:
    """TRUE for a line with a key that stands twice, at any depth."""
    inner = f"list_filter(json_extract({line}, '$.**'), lambda part: part LIKE '{{%' AND {_repeats('part')})"
    deep = f"CASE WHEN {line} LIKE '{{%{{%' THEN len({inner}) > 0 ELSE FALSE END"
    return f"(coalesce({_repeats(line)}, FALSE) OR {deep})"


def _repeats(part: str) -> str:
    return f"len(json_keys({part})) <> list_unique(json_keys({part}))"
