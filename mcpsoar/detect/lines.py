"""The second pass, in Python: which lines are no events, where they stand, and why.

It runs over a file only when the engine has met something odd in it, and its word is final: what it lets
through is written anew and read by the engine.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from mcpsoar.core.digest import Json, canonical
from mcpsoar.core.errors import Malformed
from mcpsoar.core.event import Reject
from mcpsoar.detect.files import Source
from mcpsoar.detect.prelude import EPOCH_SPLIT, FIRST_MS, SKEW_MS
from mcpsoar.kit import strictjson
from mcpsoar.kit.mapping import FieldMapping
from mcpsoar.kit.mapping import event as mapped

LONGEST = 16 * 1024 * 1024 - 1024  # the engine's own limit on one object, with room for its end
_ROOM = 64  # bytes around an event: a mark at the start, blanks and an end of line
_CHUNK = 1 << 20
_KEPT = 1024  # of a line that is too long
_BLANKS = b" \t\r\n\x0b\x0c"  # what the engine too takes off the ends of a line
BOM = b"\xef\xbb\xbf"
_STAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?"
    r"(?:[Zz]|([+-])((?:[01]\d|2[0-3])):([0-5]\d))?",
    re.ASCII,
)
_EPOCH = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_ZERO = datetime(1970, 1, 1, tzinfo=UTC)


def sift(
    source: Source,
    clean: Path,
    *,
    known: frozenset[str],
    now_ms: int,
    mapping: FieldMapping | None = None,
) -> Iterator[Reject]:
    """Write the valid events of a file to `clean`; yield a Reject for each line that is none.

    Keys that are no columns are left out of `clean` where there are any; with a `mapping` it has the columns.
    """
    number = 0
    with Path(source.log.path).open("rb") as file, clean.open("wb") as out:
        for number, line in enumerate(_lines(file), 1):
            text = line.removeprefix(BOM) if number == 1 else line
            text = text.strip(_BLANKS)
            if len(line) > LONGEST + _ROOM or len(text) > LONGEST:
                why = f"the line is longer than {LONGEST} bytes; its first {_KEPT} are kept"
                yield Reject(source.log.name, number, why, line[:_KEPT])
                continue
            if not text:
                continue
            event = _event(text, now_ms, mapping)
            if isinstance(event, str):
                yield Reject(source.log.name, number, event, line.rstrip(b"\r\n"))
            elif event.keys() <= known and not mapping:
                out.write(text + b"\n")
            else:
                out.write(canonical({key: event[key] for key in event if key in known}) + b"\n")
    if source.damage:
        yield Reject(source.log.name, number + 1, source.damage, b"", is_cut=True)


def event_ms(value: Json) -> int | None:
    """Milliseconds since 1970, floored, of RFC 3339 text (no zone: UTC) or an epoch number."""
    if isinstance(value, str) and (found := _STAMP.fullmatch(value)):
        day, clock, fraction, sign, hours, minutes = found.groups()
        try:
            at = datetime.fromisoformat(f"{day}T{clock}+00:00")
        except ValueError:
            return None
        whole = (at - _ZERO) // timedelta(milliseconds=1) + int(((fraction or "") + "000")[:3])
        offset_ms = (int(hours or 0) * 60 + int(minutes or 0)) * 60_000
        return whole + offset_ms if sign == "-" else whole - offset_ms
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    if not _EPOCH.fullmatch(text):
        return None
    number = Decimal(text)
    return int(number * 1000 if number < EPOCH_SPLIT else number)


def _event(text: bytes, now_ms: int, mapping: FieldMapping | None) -> dict[str, Any] | str:
    try:
        event = strictjson.parse(text, noun="the line")
    except Malformed as error:
        return error.message
    if not isinstance(event, dict):
        return "the line is no JSON object"
    event = mapped(event, mapping) if mapping else event
    at_ms = event_ms(event.get("event_time"))
    name = f"event_time ({', '.join(mapping.fields['event_time'].paths)})" if mapping else "event_time"
    if at_ms is None:
        return f"{name} is missing" if event.get("event_time") is None else f"{name} is no time"
    if at_ms < FIRST_MS:
        return f"{name} is before 2000"
    if at_ms > now_ms + SKEW_MS:
        return f"{name} is more than ten minutes ahead of the clock"
    return event


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines with their ends; one that is too long is cut where that shows, and the rest of it passed over."""
    while line := file.readline(LONGEST + _ROOM + 1):
        rest = line
        while len(line) > LONGEST + _ROOM and rest and not rest.endswith(b"\n"):
            rest = file.readline(_CHUNK)
        yield line
