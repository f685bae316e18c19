"""How DuckDB is made to read NDJSON and Parquet: as JSON text, strictly, and nothing unseen."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mcpsoar.core.event import Column
from mcpsoar.detect import prelude
from mcpsoar.detect.engines.duckdb import Connection, literal, literals, quoted, rows
from mcpsoar.detect.files import Form, Source

_OPTIONS = (
    "format = 'newline_delimited', maximum_depth = 1, map_inference_threshold = -1, "
    "field_appearance_threshold = 0, sample_size = 2048"
)
_TIMES = ("TIMESTAMP", "DATE")
_NUMBER = re.compile(r"_\d+$")


@dataclass(frozen=True, slots=True)
class Seed:
    """A first line with keys that the engine's sample may not show, so that each is known before it comes.

    The engine detects columns itself, because only then does it refuse a key that it did not expect, and it
    finds a key that stands twice only among those it expects. `mark` is the key that tells the seed's row
    from the log's: made after the log was written, so nobody can have put it there.
    """

    path: Path
    mark: str


def seed(folder: Path, names: Sequence[str]) -> Seed:
    """Write a seed. `folder` is a temporary one, with a name that cannot be guessed."""
    number = len(list(folder.glob("seed-*")))  # an earlier one may still be read again
    path, mark = folder / f"seed-{number}.ndjson", f"seed of {folder.name}"
    path.write_text(json.dumps({mark: 1, **dict.fromkeys(names)}) + "\n")
    return Seed(path, mark)


class Reading:
    """A group of files of one form as a FROM clause; `strangers` are keys that are no columns.

    Without `first` a column that the engine's sample does not show is taken to be absent, and one that turns
    up later is an error: reading sixty columns for the twenty that a log has would cost as much again.
    """

    def __init__(
        self,
        connection: Connection,
        sources: Sequence[Source],
        columns: Sequence[Column],
        first: Seed | None = None,
    ) -> None:
        self.sources = sources
        self.columns = columns
        self.is_parquet = sources[0].form is Form.PARQUET
        paths = [source.log.path for source in sources]
        if self.is_parquet:
            self._from = f"read_parquet({literals(paths)}, file_row_number = true, filename = true)"
        else:
            files = literals([str(first.path), *paths] if first else paths)
            self._where = f" WHERE {quoted(first.mark)} IS NULL" if first else ""
            self._from = f"read_json({files}, compression = {literal(sources[0].form)}, {_OPTIONS})"
        described = rows(connection, f"DESCRIBE SELECT * FROM {self._from}")
        self._types = {name: kind for name, kind, *_ in described}
        known = {column.name for column in columns}
        outside = known | ({first.mark} if first else set())
        self.here = [column for column in columns if column.name in self._types]
        self.strangers = [] if self.is_parquet else [name for name in self._types if name not in outside]
        # the engine's names ignore case, and it numbers the second of two
        self.has_twin_names = any(_NUMBER.sub("", name).lower() in known for name in self.strangers)

    @property
    def text(self) -> str:
        """One row a line: every column as JSON text."""
        if self.is_parquet:
            fields = [f"{self._packed(name)} AS {quoted(name)}" for name in self._names]
            return f"(SELECT {', '.join(fields)}, filename, file_row_number FROM {self._from})"
        fields = [f"{self._field(name)} AS {quoted(name)}" for name in self._names]
        fields += [
            f"CAST({quoted(name)} AS VARCHAR) AS x{index}" for index, name in enumerate(self.strangers)
        ]
        return f"(SELECT {', '.join(fields)} FROM {self._from}{self._where})"

    @property
    def is_odd(self) -> str:
        """TRUE for a row that wants a closer look. Reads every field, or the engine would skip some."""
        well = [f"coalesce({prelude.is_well(column)}, TRUE)" for column in self.here]
        well += [f"coalesce({prelude.is_well_unknown(name)}, TRUE)" for name in self._strange]
        return f"NOT ({' AND '.join(well)})" if well else "TRUE"

    @property
    def is_suspect(self) -> str:
        """TRUE for a row whose line Python must read."""
        names = [*(column.name for column in self.here), *self._strange]
        return " OR ".join(prelude.is_suspect(name) for name in names) or "TRUE"

    def bad_lines(self, connection: Connection) -> int:
        """How many lines hold what the engine forgives and JSON does not: a last comma, odd white space."""
        if self.is_parquet:
            return 0
        paths = literals([source.log.path for source in self.sources])
        lines = f"read_ndjson_objects({paths}, compression = {literal(self.sources[0].form)})"
        ends = [f"line LIKE '%{end}'" for end in (",}", " }")]
        inside = [f"contains(line, '{part}')" for part in (",]", " ]")]
        # raw control characters can stand between values alone, and there nobody needs them
        odd = [f"contains(line, chr({code}))" for code in (9, 11, 12, 13)]
        sql = f"SELECT count(*) FROM (SELECT CAST(json AS VARCHAR) AS line FROM {lines}) WHERE "
        return int(
            rows(connection, sql + " OR ".join([*ends, *inside, *odd, "strlen(line) > 16776000"]))[0][0]
        )

    @property
    def _names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def _strange(self) -> list[str]:
        return [f"x{index}" for index in range(len(self.strangers))]

    def _field(self, name: str) -> str:
        return f"CAST({quoted(name) if name in self._types else 'NULL'} AS VARCHAR)"

    def _packed(self, name: str) -> str:
        kind = self._types.get(name)
        if kind is None:
            return "CAST(NULL AS VARCHAR)"
        if kind.startswith(_TIMES):
            at_ms = f"epoch_us(CAST({quoted(name)} AS TIMESTAMPTZ)) // 1000"
            # a stamp so early would be taken for seconds
            text = f"CAST({at_ms} AS VARCHAR)"
            return f"CASE WHEN {at_ms} < {prelude.EPOCH_SPLIT} THEN '\"early\"' ELSE {text} END"
        return f"CAST(to_json({quoted(name)}) AS VARCHAR)"
