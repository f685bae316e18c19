"""Logs into the sheet: the engine reads; where it met something odd, Python finds the lines and why."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from mcpsoar.core.errors import Malformed, Usage
from mcpsoar.core.event import LogRef, Reject
from mcpsoar.detect import lines, prelude, sheet
from mcpsoar.detect.engines.duckdb import Connection, Failure, rows
from mcpsoar.detect.engines.ndjson import Reading, Seed, seed
from mcpsoar.detect.files import Form, Source
from mcpsoar.detect.sheet import Ask, Relation, Told

_NAMED = 10
_TOGETHER = 64
_LATE_KEYS = 12
_UNKNOWN = re.compile(r'has unknown key "([^"\n]+)"')


class Rejects:
    """Counts them all, keeps the first ten, and writes every raw line to a file where one was asked for."""

    def __init__(self, file: BinaryIO | None) -> None:
        self.count = 0
        self.named: list[Reject] = []
        self._file = file

    def add(self, found: Iterable[Reject]) -> None:
        for reject in found:
            self.count += 1
            if len(self.named) < _NAMED:
                self.named.append(reject)
            if self._file:
                self._file.write(reject.raw + b"\n")


class Loader:
    """Fills the sheet from files; `told` is what it found on the way."""

    def __init__(self, connection: Connection, ask: Ask, folder: Path, rejects: Rejects) -> None:
        self.told = Told()
        self._connection = connection
        self._ask = ask
        self._folder = folder
        self._rejects = rejects

    def load(self, sources: Sequence[Source]) -> None:
        """All files in their order. Raises Usage for broken Parquet, Malformed if the two readings differ."""
        for group in _groups(sources):
            self._group(group)
        self.told.rejected = self._rejects.count

    def _group(self, group: Sequence[Source]) -> None:
        if group[0].form is Form.PARQUET:
            self._parquet(group)
        elif any(source.damage for source in group) or not self._read(group, is_sifted=False):
            if len(group) == 1:
                self._sift(group[0])
            else:
                for source in group:
                    self._group([source])

    def _read(self, group: Sequence[Source], *, is_sifted: bool) -> bool:
        """Append a group of files; False, and nothing appended, if Python has to read it first."""
        names = [column.name for column in self._ask.columns]
        first: Seed | None = None
        for _ in range(_LATE_KEYS):
            try:
                return self._append(group, first, is_sifted=is_sifted)
            except Failure as error:
                late = _UNKNOWN.search(str(error))
                if not late:
                    if is_sifted:
                        raise
                    return False
                names.append(late[1])
                first = seed(self._folder, names)
        return False

    def _append(self, group: Sequence[Source], first: Seed | None, *, is_sifted: bool) -> bool:
        reading = Reading(self._connection, group, self._ask.columns, first)
        if not is_sifted and (reading.has_twin_names or reading.bad_lines(self._connection)):
            return False
        before = self._odd()
        relation = Relation(reading.text, reading.is_odd, reading.here)
        self._connection.execute("BEGIN")
        is_good = False
        try:
            sheet.fill(self._connection, self._ask, relation)
            is_good = self._odd() == before or self._look_closer(reading, is_sifted=is_sifted)
        finally:
            self._connection.execute("COMMIT" if is_good else "ROLLBACK")
        if is_good:
            self.told.relations.append(relation)
        return is_good

    def _odd(self) -> int:
        return int(rows(self._connection, "SELECT count(*) FROM sheet WHERE odd OR event_ms IS NULL")[0][0])

    def _look_closer(self, reading: Reading, *, is_sifted: bool) -> bool:
        """Count malformed fields; False if a line may be no event at all."""
        fields = [column for column in reading.here if column.name != "event_time"]
        in_range = self._ask.is_valid.replace("event_ms", f"({prelude.instant('event_time')})")
        bad = f"count(*) FILTER ({reading.is_suspect} OR NOT coalesce({in_range}, FALSE))"
        counts = [f"count(*) FILTER ({prelude.is_malformed(column)})" for column in fields]
        found = rows(self._connection, f"SELECT {', '.join([bad, *counts])} FROM {reading.text}")[0]
        if found[0] and not (is_sifted or reading.is_parquet):
            return False
        for column, count in zip(fields, found[1:], strict=True):
            if count:
                self.told.malformed[column.name] = self.told.malformed.get(column.name, 0) + count
        return True

    def _sift(self, source: Source) -> None:
        clean = self._folder / f"clean-{len(self.told.relations)}-{self._rejects.count}"
        known = frozenset(column.name for column in self._ask.columns)
        self._rejects.add(lines.sift(source, clean, known=known, now_ms=self._ask.now_ms))
        if not clean.stat().st_size:
            return
        sifted = Source(LogRef(source.log.name, str(clean)), Form.PLAIN)
        try:
            is_read = self._read([sifted], is_sifted=True)
        except Failure as error:
            said = str(error).splitlines()[0]
            raise Malformed(f"the engine cannot read what is left of {source.log.name}: {said}") from None
        if not is_read or rows(self._connection, "SELECT count(*) FROM sheet WHERE event_ms IS NULL")[0][0]:
            raise Malformed(f"two readings of the times in {source.log.name} differ")

    def _parquet(self, group: Sequence[Source]) -> None:
        names = {source.log.path: source.log.name for source in group}
        try:
            reading = Reading(self._connection, group, self._ask.columns)
            before = self._odd()
            sheet.fill(self._connection, self._ask, Relation(reading.text, reading.is_odd))
            if self._odd() != before:
                self._look_closer(reading, is_sifted=True)
                self._rejects.add(self._bad_rows(reading, names))
                self._connection.execute("DELETE FROM sheet WHERE event_ms IS NULL")
        except Failure as error:
            said = str(error).splitlines()[0]
            raise Usage(f"{', '.join(names.values())}: not readable as Parquet: {said}") from None
        self.told.relations.append(Relation(reading.text, reading.is_odd, reading.here))

    def _bad_rows(self, reading: Reading, names: dict[str, str]) -> Iterator[Reject]:
        at = f"({prelude.instant('event_time')})"
        in_range = self._ask.is_valid.replace("event_ms", at)
        sql = (
            f"SELECT filename, file_row_number, {at}, CAST(to_json(r) AS VARCHAR) FROM {reading.text} AS r "
            f"WHERE NOT coalesce({in_range}, FALSE)"
        )
        for path, row, at_ms, text in rows(self._connection, sql):
            why = "event_time is no time" if at_ms is None else "event_time is out of range"
            yield Reject(names[path], row + 1, why, text.encode())


def _groups(sources: Sequence[Source]) -> Iterator[list[Source]]:
    """Neighbours of one form, a bounded number at a time; the order of the files is kept."""
    for _, some in groupby(sources, key=lambda source: source.form):
        group = list(some)
        for start in range(0, len(group), _TOGETHER):
            yield group[start : start + _TOGETHER]
