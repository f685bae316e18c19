"""What is wrong with an overlay: every complaint, with its line."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mcpsoar.core.content import Threshold
from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import MINUTE_MS, Column, Kind
from mcpsoar.kit import yamltext
from mcpsoar.kit.complaints import unknown
from mcpsoar.pack import gates
from mcpsoar.pack.heading import LEVELS

GATE = ("page", "warn", "window", "min_denominator", "min_numerator", "owner", "severity", "enabled")
RULE = ("level", "every", "owner", "enabled", "allow")
_LISTS = ("approved", "pins", "tickets", "deploy_windows")
_MOST_MINUTES = 60
_LONGEST_MS = 24 * 60 * MINUTE_MS
_NAMED = (Kind.TEXT, Kind.ENUM)


@dataclass(frozen=True, slots=True)
class Known:
    """What an overlay may name: the ids of gates that count or that are ratios, of rules, and the columns."""

    counts: Collection[str]
    ratios: Collection[str]
    rules: Collection[str]
    columns: Sequence[Column]

    @property
    def gates(self) -> list[str]:
        return [*self.counts, *self.ratios]


def complaints(located: yamltext.Located, known: Known) -> Iterator[BadContent]:
    """All of them; none for a file that can be used."""
    value = located.value
    if not isinstance(value, dict):
        yield located.bad("is no overlay: a YAML map of gates, rules and lists")
        return
    yield from unknown(located, value, ("gates", "rules", *_LISTS))
    for sort, there, keys in (("gates", known.gates, GATE), ("rules", known.rules, RULE)):
        said = value.get(sort, {})
        if not isinstance(said, dict):
            yield located.bad(f"{sort} is a map by id", sort)
            continue
        yield from unknown(located, said, there, sort)
        for name, one in said.items():
            if not isinstance(one, dict):
                yield located.bad("is a map of settings", sort, name)
                continue
            yield from unknown(located, one, keys, sort, name)
            yield from _shared_complaints(located, one, sort, name)
            if sort == "gates":
                yield from _gate_complaints(located, name, one, known)
            else:
                yield from _rule_complaints(located, name, one, known)
    yield from _list_complaints(located, value)


def _shared_complaints(
    located: yamltext.Located, one: Mapping[str, Any], sort: str, name: str
) -> Iterator[BadContent]:
    if "owner" in one and not _is_text(one["owner"]):
        yield located.bad("owner is a name", sort, name, "owner")
    if "enabled" in one and not isinstance(one["enabled"], bool):
        yield located.bad("enabled is true or false", sort, name, "enabled")


def _gate_complaints(
    located: yamltext.Located, name: str, one: Mapping[str, Any], known: Known
) -> Iterator[BadContent]:
    for key in ("page", "warn"):
        if key in one and not gates.is_threshold(one[key]):
            yield located.bad(
                f'{key} is "> 0" for a count or such as ">= 0.1 %" for a ratio', "gates", name, key
            )
        elif key in one and (gates.threshold(one[key]).ratio is None) != (name in known.counts):
            said = "a count" if name in known.counts else "a ratio"
            yield located.bad(f"{name} is {said}", "gates", name, key)
        elif key in one and _is_out_of_reach(gates.threshold(one[key])):
            yield located.bad("no ratio is so large", "gates", name, key)
    if "window" in one and not gates.is_window(one["window"]):
        yield located.bad("window is whole minutes or hours, such as 10m or 24h", "gates", name, "window")
    elif "window" in one and gates.window_ms(one["window"]) > _LONGEST_MS:
        yield located.bad("no window is longer than 24h", "gates", name, "window")
    if "min_denominator" in one and name in known.counts:
        yield located.bad(f"{name} is a count: it has no denominator", "gates", name, "min_denominator")
    for key in ("min_denominator", "min_numerator"):
        if key in one and not (type(one[key]) is int and one[key] >= 0):
            yield located.bad(f"{key} is a whole number", "gates", name, key)
    if "severity" in one and one["severity"] not in gates.SEVERITIES:
        yield located.bad(f"severity is one of {', '.join(gates.SEVERITIES)}", "gates", name, "severity")


def _rule_complaints(
    located: yamltext.Located, name: str, one: Mapping[str, Any], known: Known
) -> Iterator[BadContent]:
    if "level" in one and one["level"] not in LEVELS:
        yield located.bad(f"level is one of {', '.join(LEVELS)}", "rules", name, "level")
    if "every" in one:
        minutes = gates.window_ms(one["every"]) // MINUTE_MS if gates.is_window(one["every"]) else 0
        if not minutes or _MOST_MINUTES % minutes:
            said = f"every is whole minutes that divide {_MOST_MINUTES}, such as 5m"
            yield located.bad(said, "rules", name, "every")
    allow = one.get("allow", [])
    if not isinstance(allow, list) or not all(isinstance(entry, dict) and entry for entry in allow):
        yield located.bad("allow is a list of maps, such as {server_name: lab-fetch}", "rules", name, "allow")
        return
    columns = {column.name for column in known.columns if column.kind in _NAMED}
    for number, entry in enumerate(allow):
        yield from unknown(located, entry, columns, "rules", name, "allow", number)
        for key in (key for key, text in entry.items() if not _is_text(text)):
            yield located.bad(
                "is a text, and no blank one; put it in quotes", "rules", name, "allow", number, key
            )


def _list_complaints(located: yamltext.Located, value: Mapping[str, Any]) -> Iterator[BadContent]:
    approved = value.get("approved", [])
    if not isinstance(approved, list) or not all(map(_is_text, approved)):
        yield located.bad("approved is a list of server names", "approved")
    for key in ("pins", "tickets"):
        said = value.get(key, {})
        if not isinstance(said, dict) or not all(_is_text(k) and _is_text(v) for k, v in said.items()):
            yield located.bad(f"{key} is a map from server name to text; put it in quotes", key)
    windows = value.get("deploy_windows", [])
    if not isinstance(windows, list):
        yield located.bad("deploy_windows is a list", "deploy_windows")
        return
    for number, one in enumerate(windows):
        if not isinstance(one, dict) or set(one) != {"server_name", "from", "to"}:
            yield located.bad("has server_name, from and to", "deploy_windows", number)
        elif not _is_text(one["server_name"]):
            yield located.bad("server_name is a name", "deploy_windows", number, "server_name")
        elif not all(isinstance(one[key], datetime) for key in ("from", "to")):
            yield located.bad("from and to are times such as 2026-03-01T20:00:00Z", "deploy_windows", number)
        elif milliseconds(one["from"]) >= milliseconds(one["to"]):
            yield located.bad("ends before it begins", "deploy_windows", number)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_out_of_reach(threshold: Threshold) -> bool:
    ratio = threshold.ratio
    if ratio is None:
        return False
    return ratio.over > ratio.under or (ratio.over == ratio.under and not threshold.inclusive)


def milliseconds(at: datetime) -> int:
    """A time without a zone is UTC, as in an event."""
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
