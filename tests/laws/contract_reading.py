"""The contract's sections 5 and 6 read in plain Python: slow, dull, and sharing no line with the product."""

import json
import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

MINUTE = 60_000
HOUR = 60 * MINUTE
ENUMS = {
    "event_kind": ["tool_call", "tools_list", "gateway_decision", "registry", "token", "notification"],
    "action_class": ["read", "write", "destructive", "unknown"],
    "decision": ["allow", "deny", "require_approval", "error", "none"],
    "registry_status": ["approved", "pending", "denied", "unknown"],
    "environment": ["production", "prod", "staging", "dev", "test", "unknown"],
    "classifier_result": ["clean", "redact", "quarantine", "error"],
}
TEXTS = ["event_id", "server_name", "approval_id", "manifest_hash", "pinned_manifest_hash", "change_ticket"]
BOOLS = ["scope_match", "deploy_window"]
LISTS = ["token_scopes", "required_scopes"]
NUMBERS = ["latency_ms"]
INTEGERS = ["chain_depth"]


class NoEventError(ValueError):
    """A line that is no event."""


@dataclass
class Read:
    """What a log holds, and what its gates say."""

    events: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[int] = field(default_factory=list)
    repeats: int = 0
    conflicts: list[str] = field(default_factory=list)
    malformed: Counter[str] = field(default_factory=Counter)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise NoEventError("a key twice")
    return dict(pairs)


def refuse(text: str) -> Any:
    raise NoEventError(text)


def real(text: str) -> float:
    if not math.isfinite(float(text)):
        raise NoEventError(text)
    return float(text)


def parse(line: bytes) -> dict[str, Any]:
    try:
        text = line.decode("utf-8")
        value = json.loads(text, object_pairs_hook=once, parse_constant=refuse, parse_float=real)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a character is none
    except (UnicodeError, RecursionError, ValueError) as error:
        raise NoEventError(str(error)) from error
    if not isinstance(value, dict):
        raise NoEventError("no object")
    return value


def moment(value: Any) -> int:
    """Milliseconds since 1970, rounded down."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise NoEventError("no time")
    text = str(value)
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", text):
        number = Decimal(text)
        return math.floor(number * 1000) if number < 10**11 else math.floor(number)
    pattern = r"(\d\d\d\d)-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))?"
    found = re.fullmatch(pattern, text, re.ASCII)
    if not found or not isinstance(value, str):
        raise NoEventError("no time")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    fraction, _, sign, hours, minutes = found.groups()[6:]
    try:
        shift = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        if int(hours or 0) > 23 or int(minutes or 0) > 59:
            raise NoEventError("no offset")
        zone = timezone(-shift if sign == "-" else shift)
        at = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise NoEventError("no time") from error
    whole = at - datetime(1970, 1, 1, tzinfo=timezone(timedelta(0)))
    return (whole.days * 86_400 + whole.seconds) * 1000 + int(((fraction or "") + "000")[:3])


def field_value(name: str, value: Any) -> Any:
    """The value of a field, None where it is absent. ValueError where it is malformed."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if name in ENUMS:
        if not isinstance(value, str) or value.lower() not in ENUMS[name]:
            raise ValueError(name)
        return value.lower()
    if name in TEXTS:
        if not isinstance(value, str):
            raise ValueError(name)
        return value
    if name in BOOLS:
        if isinstance(value, float) or str(value).lower() not in ("true", "false", "1", "0"):
            raise ValueError(name)
        return str(value).lower() in ("true", "1")
    if name in LISTS:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError(name)
        return value
    if isinstance(value, bool | list | dict):
        raise ValueError(name)
    if name in INTEGERS and not _is_whole(value):
        raise ValueError(name)
    if name in NUMBERS and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", str(value)):
        raise ValueError(name)
    return float(value)


def _is_whole(value: str | float) -> bool:
    """A whole number below 10^18, or its text."""
    if isinstance(value, str):
        return bool(re.fullmatch(r"-?[0-9]{1,18}(\.0+)?", value))
    return abs(value) < 10**18 and value == int(value)


def read(log: bytes, now: int) -> Read:
    """Read lines in their order; the first of an identity counts."""
    done = Read()
    seen: dict[tuple[str, int], dict[str, Any]] = {}
    first_time: dict[str, int] = {}
    for number, line in enumerate(log.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            raw = parse(line.strip())
            at = moment(raw.get("event_time"))
            if (
                not datetime(2000, 1, 1, tzinfo=timezone(timedelta(0))).timestamp() * 1000
                <= at
                <= now + 10 * MINUTE
            ):
                raise NoEventError("out of range")
        except NoEventError:
            done.rejected.append(number)
            continue
        event: dict[str, Any] = {}
        for name in [*ENUMS, *TEXTS, *BOOLS, *LISTS, *NUMBERS, *INTEGERS]:
            try:
                event[name] = field_value(name, raw.get(name))
            except ValueError:
                event[name] = None
                done.malformed[name] += 1
        scopes, wanted = event["token_scopes"], event["required_scopes"]
        if event["scope_match"] is not False and None not in (scopes, wanted):
            event["scope_match"] = set(wanted) <= set(scopes)
        event["at"] = at
        own = event["event_id"]
        if own is None:
            done.events.append(event)
            continue
        is_odd = first_time.setdefault(own, at) != at
        if (own, at) in seen:
            done.repeats += 1
            is_odd = is_odd or seen[own, at] != event
        else:
            seen[own, at] = event
            done.events.append(event)
        if is_odd and own not in done.conflicts:
            done.conflicts.append(own)
    return done


def is_call(event: dict[str, Any]) -> bool:
    return event["event_kind"] in (None, "tool_call")


def in_production(event: dict[str, Any]) -> bool:
    return event["environment"] in (None, "prod", "production")


def unapproved(event: dict[str, Any]) -> bool:
    risky = event["action_class"] in ("write", "destructive")
    return is_call(event) and risky and event["decision"] == "allow" and event["approval_id"] is None


def has_drifted(event: dict[str, Any]) -> bool:
    here, pinned = event["manifest_hash"], event["pinned_manifest_hash"]
    return None not in (here, pinned) and here != pinned and event["deploy_window"] is not True


def judge(done: Read, gate: str, tick: int, approved: set[str] | None) -> dict[str, Any]:
    """One gate at one tick, as the JSON of the contract names things."""
    width = {"unapproved-write-calls": 10 * MINUTE, "registry-drift": 24 * HOUR, "manifest-drift": 24 * HOUR}
    start = tick - width.get(gate, 15 * MINUTE)
    window = [event for event in done.events if start <= event["at"] < tick]
    hits: list[dict[str, Any]] = []
    warned: list[dict[str, Any]] = []
    judged = window
    for event in window:
        named = event["server_name"] is not None
        if gate == "unapproved-write-calls":
            if unapproved(event):
                hits.append(event)
        elif gate == "registry-drift":
            listed = approved is None or event["server_name"] in approved
            if named and (event["registry_status"] != "approved" or not listed):
                (hits if in_production(event) else warned).append(event)
        elif gate == "manifest-drift":
            if named and has_drifted(event):
                (hits if event["change_ticket"] is None else warned).append(event)
            elif named and event["manifest_hash"] is not None and event["pinned_manifest_hash"] is None:
                warned.append(event)
    if gate == "scope-mismatch":
        judged = [event for event in window if is_call(event) and event["scope_match"] is not None]
        hits = [event for event in judged if event["scope_match"] is False]
    if gate == "quarantine-ratio":
        scanned = ("clean", "redact", "quarantine")
        judged = [event for event in window if is_call(event) and event["classifier_result"] in scanned]
        hits = [event for event in judged if event["classifier_result"] == "quarantine"]
    by_subject = gate in ("registry-drift", "manifest-drift")
    is_ratio = gate in ("scope-mismatch", "quarantine-ratio")

    def count(events: list[dict[str, Any]]) -> int:
        return len({event["server_name"] for event in events}) if by_subject else len(events)

    groups: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for place, events in enumerate((hits, judged, warned)):
        for event in events:
            groups[event["server_name"] or ""][place] += 1
    shown = {
        key: (
            state(gate, min(n, 1) if by_subject else n, d, w),
            min(n, 1) if by_subject else n,
            d if is_ratio else None,
        )
        for key, (n, d, w) in groups.items()
        if n or w
    }
    newest = sorted(hits or warned, key=lambda event: (-event["at"], event["event_id"] or ""))
    return {
        "state": state(gate, count(hits), len(judged), len(warned)) if judged else "no_data",
        "numerator": count(hits),
        "denominator": len(judged) if is_ratio else None,
        "warned": count(warned),
        "events": len(window),
        "judged": len(judged),
        "evidence": [event["event_id"] for event in newest if event["event_id"] is not None][:20],
        "groups": shown,
    }


def state(gate: str, hits: int, judged: int, warned: int) -> str:
    if gate == "scope-mismatch":
        share = Fraction(hits, judged) if judged else Fraction(0)
        if share >= Fraction(1, 100) and judged >= 100 and hits >= 3:
            return "page"
        return "warn" if judged and share >= Fraction(1, 1000) else "ok"
    if gate == "quarantine-ratio":
        share = Fraction(hits, judged) if judged else Fraction(0)
        if share > Fraction(3, 100) and judged >= 50 and hits >= 4:
            return "page"
        return "warn" if judged and share >= Fraction(1, 100) else "ok"
    if hits:
        return "page"
    return "warn" if warned else "ok"
