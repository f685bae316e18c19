"""Gates of a pack as values: front matter in the comment block above one SELECT; nobody parses SQL here."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from mcpsoar.core.content import Case, Counts, GateText, Ratio, Threshold
from mcpsoar.core.errors import BadContent
from mcpsoar.kit import yamltext
from mcpsoar.pack import cases, front
from mcpsoar.pack.locate import folder
from mcpsoar.pack.shelf import several

SEVERITIES = ("low", "medium", "high", "critical")
_TEXTS = ("title", "owner", "target", "why")
_LISTS = ("runbook", "false_alarms", "references")
_REQUIRED = ("id", *_TEXTS, "severity", "window", "counts", "page", *_LISTS)
_OPTIONAL = ("warn", "min_denominator", "min_numerator")
_WINDOW = re.compile(r"([1-9][0-9]{0,4})(m|h)")
_THRESHOLD = re.compile(r"(>=|>) ?(\d{1,9}(?:\.\d{1,9})?) ?(%?)")
_MINUTES = {"m": 1, "h": 60}


def load(root: Path, wanted: Sequence[str] = ()) -> tuple[GateText, ...]:
    """Every gate of a pack, by id; or the ones in `wanted`, in that order, and then no other file is read.

    Raises BadContent with every complaint of every file, Usage for an id that no gate has.
    """
    home = folder(root, "sql") / "gates"
    return several(sorted(home.glob("*.sql")), wanted, read, noun="gate", home=home, listed_by="gates list")


def read(path: Path) -> GateText:
    """One gate file and the cases beside it. Raises BadContent with file:line."""
    there = front.read(path)
    beside = cases.proving(path, list(_complaints(there.located, path)))
    return _gate(there.located.value, path, there.sql, there.sql_line, beside)


def is_threshold(text: Any) -> bool:
    """Whether it is a threshold of front matter: "> 0" for a count, such as ">= 0.1 %" for a ratio."""
    found = _THRESHOLD.fullmatch(text) if isinstance(text, str) else None
    return found is not None and (bool(found[3]) or text.replace(" ", "") == ">0")


def threshold(text: str) -> Threshold:
    """A threshold of front matter. Raises BadContent."""
    found = _THRESHOLD.fullmatch(text)
    if not found:
        raise BadContent(f"{text!r} is no threshold")
    share = Fraction(found[2]) / 100
    ratio = Ratio(share.numerator, share.denominator) if found[3] else None
    return Threshold(ratio, found[1] == ">=")


def is_window(text: Any) -> bool:
    """Whether it is a window of front matter: whole minutes or hours, such as 10m or 24h."""
    return _WINDOW.fullmatch(str(text)) is not None


def window_ms(text: str) -> int:
    """A window of front matter. Raises BadContent."""
    found = _WINDOW.fullmatch(text)
    if not found:
        raise BadContent(f"{text!r} is no window")
    return int(found[1]) * _MINUTES[found[2]] * 60_000


def _gate(value: dict[str, Any], path: Path, sql: str, sql_line: int, beside: tuple[Case, ...]) -> GateText:
    page, warn = threshold(value["page"]), threshold(value["warn"]) if "warn" in value else None
    floors = (value.get("min_denominator", 0), value.get("min_numerator", 0))
    return GateText(
        id=value["id"],
        title=value["title"],
        owner=value["owner"],
        severity=value["severity"],
        window_ms=window_ms(value["window"]),
        counts=Counts(value["counts"]),
        page=page,
        warn=warn,
        min_denominator=floors[0],
        min_numerator=floors[1],
        target=value["target"],
        page_when=_said(value["page"], *floors, is_ratio=page.ratio is not None),
        why=" ".join(value["why"].split()),
        runbook=tuple(value["runbook"]),
        false_alarms=tuple(value["false_alarms"]),
        references=tuple(value["references"]),
        path=path,
        sql=sql,
        sql_line=sql_line,
        cases=beside,
    )


def _complaints(located: yamltext.Located, path: Path) -> Iterator[BadContent]:
    value = located.value
    if not isinstance(value, dict):
        yield located.bad("has no front matter: a block of -- comments at the top that is a YAML map")
        return
    for key in (key for key in _REQUIRED if key not in value):
        yield located.bad(f"has no {key}")
    for key in (key for key in value if key not in (*_REQUIRED, *_OPTIONAL)):
        yield located.bad(f"{key!r} means nothing here", key)
    if value.get("id", path.stem) != path.stem:
        yield located.bad(f"id is not the name of its file, {path.stem}", "id")
    for key in _TEXTS:
        if key in value and not (isinstance(value[key], str) and value[key].strip()):
            yield located.bad(f"{key} is no text; put it in quotes", key)
    for key in _LISTS:
        entries = value.get(key, ["-"])
        if not isinstance(entries, list) or not entries or not all(isinstance(one, str) for one in entries):
            yield located.bad(f"{key} is a list of texts", key)
    yield from _number_complaints(located, value)


def _number_complaints(located: yamltext.Located, value: dict[str, Any]) -> Iterator[BadContent]:
    if "severity" in value and value["severity"] not in SEVERITIES:
        yield located.bad(f"severity is one of {', '.join(SEVERITIES)}", "severity")
    if "counts" in value and value["counts"] not in list(Counts):
        yield located.bad(f"counts is one of {', '.join(Counts)}", "counts")
    if "window" in value and not is_window(value["window"]):
        yield located.bad("window is whole minutes or hours, such as 10m or 24h", "window")
    for key in ("page", "warn"):
        if key in value and not is_threshold(value[key]):
            yield located.bad(f'{key} is "> 0" for a count or such as ">= 0.1 %" for a ratio', key)
    if value.get("counts") == Counts.SUBJECTS and "%" in str(value.get("page")):
        yield located.bad("a ratio counts events", "counts")
    if "warn" in value and ("%" in str(value["warn"])) != ("%" in str(value.get("page"))):
        yield located.bad("warn is a ratio where page is one; a count warns by its column warned", "warn")
    for key in ("min_denominator", "min_numerator"):
        if key in value and not (type(value[key]) is int and value[key] >= 0):
            yield located.bad(f"{key} is a whole number", key)


def _said(page: str, denominator: int, numerator: int, *, is_ratio: bool) -> str:
    floors = [("denominator", denominator), ("numerator", numerator)]
    said = [f"{name} >= {floor}" for name, floor in floors if floor > 0]
    return ", ".join([f"{'ratio' if is_ratio else 'numerator'} {page}", *said])
