"""Case files: events, and the answer that a rule or a gate must give to them.

    {"cases": [{"name": "a sentence", "kind": "positive", "expect": {…}, "events": [
        {"event_time": "2026-03-01T00:00:00Z", "server_name": "github", …},
        {"times": 97, "every_ms": 1000, "event": {"event_id": "ok", …}}]}]}

`times` repeats one event, `every_ms` apart; each copy's event_id gets its number.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mcpsoar.core.content import Case, CaseKind
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import BadContent, Malformed
from mcpsoar.kit import strictjson, yamltext
from mcpsoar.kit.complaints import together

_MOST = 10_000
_LIMIT_BYTES = 16 << 20
_ENTRY = re.compile(r"[^\s,]")


def load(path: Path) -> tuple[Case, ...]:
    """The cases beside one rule or gate; a file that is not there holds none.

    Raises BadContent, with the case's line.
    """
    if not path.is_file():
        return ()
    text = yamltext.text(path, at_most=_LIMIT_BYTES)
    try:
        value = strictjson.parse(text.encode(), noun="the file")
    except Malformed as error:
        raise BadContent(error.message, where=f"{path}:{_broken_line(text, path)}") from None
    if not isinstance(value, dict) or set(value) != {"cases"} or not isinstance(value["cases"], list):
        raise BadContent('holds {"cases": […]} and nothing else', where=f"{path}:1")
    lines = starts(text)
    return tuple(_case(item, f"{path}:{next(lines)}") for item in value["cases"])


def proving(path: Path, complaints: Sequence[BadContent]) -> tuple[Case, ...]:
    """The cases beside a text that has these complaints already. Raises BadContent with them and its own."""
    told = list(complaints)
    found: tuple[Case, ...] = ()
    try:
        found = load(beside(path))
    except BadContent as error:
        told.append(error)
    if told:
        raise together(told)
    return found


def beside(path: Path) -> Path:
    """Where the cases of a rule or a gate stand."""
    return path.with_suffix(".cases.json")


def starts(text: str) -> Iterator[int]:
    """The line on which each entry of the one list begins; `text` is known to be {"cases": […]} or such."""
    decoder = json.JSONDecoder()
    at = text.index("[") + 1
    while found := _ENTRY.search(text, at):
        yield text.count("\n", 0, found.start()) + 1
        at = decoder.raw_decode(text, found.start())[1]


def _broken_line(text: str, path: Path) -> int:
    """Where the file stops being plain JSON, or 1 when nobody can say."""
    try:
        json.loads(text)
        yamltext.parse(text, path)  # it knows the line of a key that stands twice
    except json.JSONDecodeError as error:
        return error.lineno
    except BadContent as error:
        line = (error.where or "").rpartition(":")[2]
        return int(line) if "twice" in error.message else 1
    except (ValueError, RecursionError):
        return 1
    return 1


def _case(item: Any, where: str) -> Case:
    if not isinstance(item, dict) or not {"name", "kind", "events"} <= set(item) <= {
        "name",
        "kind",
        "events",
        "expect",
    }:
        raise BadContent("a case has name, kind, events and perhaps expect", where=where)
    if item["kind"] not in list(CaseKind):
        raise BadContent(f"a case's kind is one of {', '.join(CaseKind)}", where=where)
    expect = item.get("expect", {})
    if (
        not isinstance(item["events"], list)
        or not isinstance(expect, dict)
        or not isinstance(item["name"], str)
    ):
        raise BadContent("name is a text, events is a list, expect an object", where=where)
    events = tuple(event for entry in item["events"] for event in _events(entry, where))
    return Case(item["name"], CaseKind(item["kind"]), events, expect, where)


def _events(entry: Any, where: str) -> Iterator[Facts]:
    if not isinstance(entry, dict):
        raise BadContent("an event is an object", where=where)
    if "times" not in entry:
        yield entry
        return
    times, every_ms, event = entry.get("times"), entry.get("every_ms", 0), entry.get("event")
    counted = type(times) is int and 0 <= times <= _MOST and type(every_ms) is int
    if set(entry) - {"times", "every_ms", "event"} or not isinstance(event, dict) or not counted:
        raise BadContent(f"times (at most {_MOST}) and every_ms are integers, event an object", where=where)
    for index in range(int(times or 0)):
        copy = dict(event)
        if "event_id" in event:
            copy["event_id"] = f"{event['event_id']}-{index}"
        if every_ms:
            copy["event_time"] = _later(event.get("event_time"), index * every_ms, where)
        yield copy


def _later(text: Any, by_ms: int, where: str) -> str:
    try:
        at = datetime.fromisoformat(text).astimezone(UTC) + timedelta(milliseconds=by_ms)
    except (TypeError, ValueError):
        raise BadContent("every_ms needs an event_time with a zone", where=where) from None
    except OverflowError:
        raise BadContent("times and every_ms lead out of the calendar", where=where) from None
    return at.isoformat(timespec="milliseconds")
