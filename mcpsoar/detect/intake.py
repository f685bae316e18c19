"""Logs into the sheet: the engine reads; where it met something odd, Python finds the lines and why."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from mcpsoar.core.digest import Json, canonical
from mcpsoar.core.errors import Malformed, Usage
from mcpsoar.core.event import Reject
from mcpsoar.detect import lines, prelude, sheet
from mcpsoar.detect.engines import ndjson
from mcpsoar.detect.engines.duckdb import Connection, Failure, quoted, rows
from mcpsoar.detect.engines.parquet import packed
from mcpsoar.detect.files import Form, Source
from mcpsoar.detect.rawbytes import may_be_loose
from mcpsoar.detect.sheet import Ask, Found
from mcpsoar.detect.view import View
from mcpsoar.kit import strictjson

_NAMED = 10
_TOGETHER = 64
_SMALL_BYTES = 8 << 20  # a bigger file is read by itself


class Rejects:
    """Counts them all, keeps the first ten, and writes every raw line to a file where one was asked for.

    `cut` are the sources that end with one.
    """

    def __init__(self, file: BinaryIO | None) -> None:
        self.count = 0
        self.named: list[Reject] = []
        self.cut: list[str] = []
        self._file = file

    def add(self, found: Iterable[Reject]) -> None:
        for reject in found:
            self.count += 1
            if len(self.named) < _NAMED:
                self.named.append(reject)
            if reject.is_cut:
                self.cut.append(reject.source)
            if self._file:
                self._file.write(reject.raw + b"\n")


class Loader:
    """Fills the sheet from files; `found` is what came to light on the way."""

    def __init__(self, connection: Connection, ask: Ask, folder: Path, rejects: Rejects) -> None:
        self.found = Found()
        self._connection = connection
        self._ask = ask
        self._folder = folder
        self._rejects = rejects

    def load(self, sources: Sequence[Source]) -> None:
        """All files in their order.

        Raises Usage for Parquet that is broken or to be mapped, Malformed if the two readings differ.
        """
        for group in _groups(sources):
            self._group(group)
        self.found.rejected = self._rejects.count
        self.found.cut = tuple(self._rejects.cut)

    def _group(self, group: Sequence[Source]) -> None:
        if group[0].form is Form.PARQUET:
            if self._ask.mapping:
                raise Usage(f"{group[0].log.name}: a mapping is for lines of JSON, and this is Parquet")
            for source in group:
                self._parquet(source)
        elif any(source.damage for source in group) or not self._read(group):
            if len(group) == 1:
                self._sift(group[0])
            else:
                for source in group:
                    self._group([source])

    def _read(self, group: Sequence[Source]) -> bool:
        """Append a group of files; False, and nothing appended, if Python has to read it first."""
        log = self._joined(group) if len(group) > 1 else Path(group[0].log.path)
        mapping = self._ask.mapping
        try:
            is_read = self._quickly(log) if mapping is None else False
            return is_read or self._append(ndjson.lines(log, self._ask.columns, mapping=mapping))
        except (_BadLines, Failure):
            return False

    def _quickly(self, log: Path) -> bool:
        is_read = self._fields(log)
        if is_read is None and (first := self._seed(log)):
            is_read = self._fields(log, first)
        return bool(is_read)

    def _joined(self, group: Sequence[Source]) -> Path:
        """One file of several, line after line: reading each by itself costs more than to copy it."""
        joined = self._folder / f"joined-{len(list(self._folder.iterdir()))}"
        with joined.open("wb") as out:
            for source in group:
                out.write(Path(source.log.path).read_bytes().removeprefix(lines.BOM) + b"\n")
        return joined

    def _seed(self, log: Path) -> ndjson.Seed | None:
        return ndjson.seed(self._connection, log, self._ask.columns, self._folder)

    def _fields(self, log: Path, first: ndjson.Seed | None = None) -> bool | None:
        """Append by the quick way; None where a key was met that it did not expect."""
        try:
            view = ndjson.fields(self._connection, log, self._ask.columns, first)
            return self._append(view, beside=lambda: self._check(log)) if view else None
        except Failure:
            return None

    def _check(self, log: Path) -> None:
        """Raises _BadLines where a line needs what the engine forgives. Runs beside the engine's scan."""
        is_seen = may_be_loose(log, longest=lines.LONGEST)
        if is_seen and ndjson.loose_lines(self._connection.cursor(), log):
            raise _BadLines

    def _append(self, view: View, *, beside: Callable[[], None] = lambda: None) -> bool:
        """Append the events. False, and nothing appended, if the view may hide what makes a line no event.

        Raises _BadLines where a line is none, or where `beside`, which runs meanwhile, raises it.
        """
        before = self._odd()
        self._connection.execute("BEGIN")
        is_good = False
        try:
            with ThreadPoolExecutor(1) as pool:
                checked = pool.submit(beside)
                sheet.fill(self._connection, self._ask, view)
            checked.result()
            is_good = self._odd() == before or self._look_closer(view)
        finally:
            self._connection.execute("COMMIT" if is_good else "ROLLBACK")
        if is_good:
            self.found.views.append(view)
        return is_good

    def _odd(self) -> int:
        return int(rows(self._connection, "SELECT count(*) FROM sheet WHERE odd OR event_ms IS NULL")[0][0])

    def _look_closer(self, view: View) -> bool:
        """Count malformed fields. False where a row is suspect; raises _BadLines where one is no event."""
        fields = [column for column in view.here if column.name != "event_time"]
        conditions = [view.is_suspect, f"NOT coalesce({self._in_range}, FALSE)"]
        conditions += [prelude.is_malformed(column) for column in fields]
        counts = ", ".join(f"count(*) FILTER ({condition})" for condition in conditions)
        suspect, unfit, *malformed = rows(self._connection, f"SELECT {counts} FROM {view.text}")[0]
        if suspect:
            return False
        if unfit and not view.has_rows:
            raise _BadLines
        for column, count in zip(fields, malformed, strict=True):
            if count:
                self.found.malformed[column.name] = self.found.malformed.get(column.name, 0) + count
        return True

    @property
    def _in_range(self) -> str:
        return self._ask.is_valid.replace("event_ms", f"({prelude.instant('event_time')})")

    def _sift(self, source: Source) -> None:
        clean = self._folder / f"clean-{len(self.found.views)}-{self._rejects.count}"
        known = frozenset(column.name for column in self._ask.columns)
        self._rejects.add(
            lines.sift(source, clean, known=known, now_ms=self._ask.now_ms, mapping=self._ask.mapping)
        )
        if not clean.stat().st_size:
            return
        try:
            self._append(ndjson.lines(clean, self._ask.columns, are_clean=True))
        except Failure as error:
            said = str(error).splitlines()[0]
            raise Malformed(f"the engine cannot read what is left of {source.log.name}: {said}") from None
        except _BadLines:
            raise Malformed(f"two readings of the times in {source.log.name} differ") from None

    def _parquet(self, source: Source) -> None:
        try:
            view = packed(self._connection, source.log.path, self._ask.columns)
            before = self._odd()
            sheet.fill(self._connection, self._ask, view)
            if self._odd() != before:
                self._look_closer(view)
                self._rejects.add(self._bad_rows(view, source.log.name))
                self._connection.execute("DELETE FROM sheet WHERE event_ms IS NULL")
        except Failure as error:
            said = str(error).splitlines()[0]
            raise Usage(f"{source.log.name}: not readable as Parquet: {said}") from None
        self.found.views.append(view)

    def _bad_rows(self, view: View, name: str) -> Iterator[Reject]:
        fields = [column.name for column in view.here]
        told = ["file_row_number", prelude.instant("event_time"), *map(quoted, fields)]
        unfit = f"NOT coalesce({self._in_range}, FALSE)"
        sql = f"SELECT {', '.join(told)} FROM {view.text} WHERE {unfit}"
        for row, at_ms, *texts in rows(self._connection, sql):
            why = "event_time is no time" if at_ms is None else "event_time is out of range"
            there = {
                field: _value(text) for field, text in zip(fields, texts, strict=True) if text is not None
            }
            yield Reject(name, row + 1, why, canonical(there))


def _value(text: str) -> Json:
    """What a JSON text says; what is none, such as the engine's NaN, as a string."""
    try:
        return strictjson.parse(text.encode())
    except Malformed:
        return text


class _BadLines(Exception):
    """Some line is no event: Python has to say which."""


def _groups(sources: Sequence[Source]) -> Iterator[list[Source]]:
    """Small neighbours of one form together, a bounded number of them; the order of the files is kept."""
    for (_, is_small), some in groupby(sources, key=lambda source: (source.form, _is_small(source))):
        group = list(some)
        together = _TOGETHER if is_small else 1
        for start in range(0, len(group), together):
            yield group[start : start + together]


def _is_small(source: Source) -> bool:
    return source.form is not Form.PARQUET and Path(source.log.path).stat().st_size <= _SMALL_BYTES
