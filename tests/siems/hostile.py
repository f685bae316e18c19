"""Events that a rule finds and events that it does not, as lines with something hostile about them.

An attacker chooses arguments, names and texts; some gateways put arguments first, or as they came.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mcpsoar.core.content import CaseKind
from mcpsoar.detect import matching
from mcpsoar.pack import gates, rules
from mcpsoar.targets import sql
from tests.targets.spl.splunk import COLUMNS, ROOT

NOW_MS = 1_790_000_400_000
AT_MS = NOW_MS - 300_000
TICK_MS = NOW_MS - NOW_MS % 60_000 - 240_000  # the first one after AT_MS
MIB = 2**20
RULES = rules.load(
    ROOT,
    (
        "anonymous_call_allowed",  # texts that are absent
        "header_and_body_disagree",  # a text
        "call_allowed_to_denied_server",  # enumerations
        "shadow_server_in_production",  # absent enumerations
        "scope_mismatch_allowed",  # two lists, and a boolean made of them
        "token_with_wildcard_scope",  # the elements of a list
        "write_by_read_only_principal",
        "manifest_drift_outside_window",  # two texts, and a boolean made of them
        "write_approved_by_its_own_caller",
        "call_chain_too_deep",  # integer
        "call_of_ten_minutes",  # number
    ),
)
GATES = gates.load(ROOT, ("unapproved-write-calls", "manifest-drift"))
PREDICATES = sql.predicates(RULES, COLUMNS)
Facts = Mapping[str, Any]
Plant = Callable[[Facts], str]


def _bases() -> dict[str, dict[str, Any]]:
    """By name: of each rule an event that it finds and one that it does not, of each gate one that pages, one
    that does not."""
    found: dict[str, dict[str, Any]] = {}
    for rule in RULES:
        events = [dict(one) for case in rule.cases for one in case.events]
        hits = matching.matches({"": PREDICATES[rule.id]}, events, COLUMNS)[""]
        found[f"{rule.id} hit"] = events[hits[0]]
        found[f"{rule.id} calm"] = next(one for at, one in enumerate(events) if at not in hits)
    for gate in GATES:
        for kind in (CaseKind.POSITIVE, CaseKind.NEGATIVE):
            case = next(one for one in gate.cases if one.kind is kind and one.events)
            found[f"{gate.id} {kind.value}"] = dict(case.events[0])
    return found


def stamp(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


BASES = {
    name: {
        **event,
        "event_time": stamp(AT_MS),
        "event_id": name,
        "server_name": event.get("server_name", "s"),
    }
    for name, event in _bases().items()
}


@dataclass(frozen=True, slots=True)
class Hostility:
    """`plant` makes a line of an event. `told_by` are the SIEMs that must tell of such an event."""

    name: str
    plant: Plant
    told_by: tuple[str, ...] = ()


def _after(**more: Any) -> Plant:
    return lambda event: json.dumps({**event, **more}, ensure_ascii=False)


def _before(**more: Any) -> Plant:
    return lambda event: json.dumps({**more, **{key: event[key] for key in event if key not in more}})


def _spliced(text: str) -> Plant:
    """Text before the last bracket, as something writes it that does not parse it."""
    return lambda event: f"{json.dumps(event)[:-1]}, {text}}}"


def _in_each_list(element: str) -> Plant:
    return lambda event: json.dumps(
        {key: [*one, element] if isinstance(one, list) else one for key, one in event.items()}
    )


def _twice(*values: Any) -> Plant:
    """Each key of the event twice, with another value the second time."""

    def plant(event: Facts) -> str:
        again = [f"{json.dumps(key)}: {json.dumps(value)}" for key in event for value in values]
        return _spliced(", ".join(again))(event)

    return plant


def _spaced(event: Facts) -> str:
    return json.dumps({**{f"k{at}": at for at in range(101)}, **event}, separators=(",", " : "))


_KEYS = {f"key {at}": at for at in range(5000)}
_OURS = {
    "decision": "allow",
    "registry_status": "denied",
    "server_name": "x",
    "environment": "production",
    "token_scopes": ["*"],
    "actor_tags": ["read_only"],
    "chain_depth": 99,
    "latency_ms": 10**9,
    "error_code": "-32020",
    "event_time": stamp(AT_MS - 86_400_000),
}
SPLUNK, ELASTIC = "splunk", "elastic"
LONG = "x" * 40_000
HOSTILITIES = (
    Hostility("nothing", _after()),
    Hostility("1 MiB of arguments", _after(arguments={"text": "x" * MIB}), (SPLUNK,)),
    Hostility("1 MiB of arguments first", _before(arguments={"text": "x" * MIB}), (SPLUNK,)),
    Hostility("1 MiB of quotes and brackets", _before(arguments={"text": '"}] ' * (MIB // 4)}), (SPLUNK,)),
    Hostility("1 MiB of blanks", _before(arguments=" \t" * (MIB // 2)), (SPLUNK,)),
    Hostility("2000 wide letters first", _before(arguments={"text": "\U0001f600" * 2000}), (SPLUNK,)),
    Hostility("5000 arguments", _after(arguments=_KEYS), (SPLUNK,)),
    Hostility("5000 arguments first", _before(arguments=_KEYS), (SPLUNK,)),
    Hostility("5000 keys", _after(**_KEYS), (SPLUNK,)),
    Hostility("5000 keys first", _before(**_KEYS), (SPLUNK,)),
    Hostility("101 keys, and blanks before each colon", _spaced, (SPLUNK,)),
    Hostility("arguments named as columns", _after(arguments=_OURS)),
    Hostility("arguments named as columns first", _before(arguments=_OURS)),
    Hostility("arguments that are JSON as text", _before(arguments=json.dumps(_OURS))),
    Hostility("columns in another case", _after(**{key.upper(): one for key, one in _OURS.items()})),
    Hostility(
        "keys that end like lists", _after(**{"token_scopes{}": "*", "actor_tags{}": "read_only"}), (SPLUNK,)
    ),
    Hostility("a server's name of 40 kB", _after(server_name=LONG), (SPLUNK, ELASTIC)),
    Hostility("names of 40 kB", _after(actor_id=LONG, approver_id=LONG), (SPLUNK, ELASTIC)),
    Hostility(
        "names that differ at their ends",
        _after(actor_id=LONG + "a", approver_id=LONG + "b"),
        (SPLUNK, ELASTIC),
    ),
    Hostility(
        "hashes that differ at their ends",
        _after(manifest_hash=LONG + "a", pinned_manifest_hash=LONG + "b"),
        (SPLUNK, ELASTIC),
    ),
    Hostility("a code of 40 kB", _after(error_code="-32020" + LONG), (SPLUNK, ELASTIC)),
    Hostility(
        "40 kB of enumerations", _after(decision="allow" * 8000, registry_status="denied" * 8000), (SPLUNK,)
    ),
    Hostility("enumerations in 40 kB of blanks", _after(decision="allow" + " " * 40_000), (SPLUNK,)),
    Hostility("numbers of 40 kB", _after(chain_depth="9" * 40_000, latency_ms="9" * 40_000), (SPLUNK,)),
    Hostility("40 kB in each list", _in_each_list(LONG), (SPLUNK, ELASTIC)),
    Hostility("long lists", _after(token_scopes=["r"] * 5000, required_scopes=["w"] * 5000), (SPLUNK,)),
    Hostility("every key twice", _twice("x"), (SPLUNK, ELASTIC)),
    Hostility("a time twice", _spliced(f'"event_time": "{stamp(AT_MS - 1000)}"'), (SPLUNK, ELASTIC)),
    Hostility("lists twice", _spliced('"token_scopes": ["*"], "token_scopes": ["r"]'), (SPLUNK, ELASTIC)),
    Hostility("a stamp two hours ahead", _after(event_time=stamp(NOW_MS + 7_200_000)), (SPLUNK, ELASTIC)),
    Hostility("a stamp of 2099", _after(event_time="2099-01-01T00:00:00Z"), (SPLUNK, ELASTIC)),
    Hostility("a stamp nine minutes ahead", _after(event_time=stamp(NOW_MS + 400_000))),
)
