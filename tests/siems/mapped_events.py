"""Mappings, and raw events that bend each of their paths: other types and spellings, the name elsewhere."""

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from mcpsoar.core.event import Kind
from mcpsoar.kit.mapping import FieldMapping, Source, spellings
from mcpsoar.pack import schema

_DECISIONS = (
    ("403", "deny"),
    ("blocked", "deny"),
    ("permitted", "allow"),
    ("true", "allow"),
    ("a-b.c", "error"),
)
_TIME = Source(("ts",))
IDENTITY = (
    *("event_time", "event_id", "server_name", "decision", "is_error", "chain_depth", "latency_ms"),
    *("token_aud", "server_audience", "audience_match", "token_scopes", "required_scopes", "scope_match"),
    *("classifier_labels", "approval_id", "has_approval"),
)
_OWN = {"sourcetype": "a:b", "dataset": "a"}
MAPPINGS = (
    FieldMapping("identity", {name: Source((name,)) for name in IDENTITY}, _OWN),
    FieldMapping(
        "nested",
        {
            "event_time": _TIME,
            "server_name": Source(("target.server",)),
            "decision": Source(("outcome",), values=_DECISIONS),
            "event_kind": Source(("target.kind",)),
            "actor_type": Source(constant="agent"),
            "deploy_window": Source(constant=False),
            "chain_depth": Source(("call.depth",)),
            "latency_ms": Source(("call.ms",)),
            "is_error": Source(("call.failed",)),
            "token_aud": Source(("token.aud",)),
            "server_audience": Source(("target.server",)),
            "token_scopes": Source(("token.scope",), split=" "),
            "required_scopes": Source(("needs",), split=","),
            "scope_match": Source(("call.in_scope",)),
            "change_ticket": Source(constant="CHG-1"),
        },
        _OWN,
    ),
    FieldMapping(
        "choices",
        {
            "event_time": _TIME,
            "actor_id": Source(("user.id", "user")),
            "approver_id": Source(("by", "user.name.full")),
            "decision": Source(("verdict", "policy.verdict"), values=_DECISIONS),
            "is_error": Source(
                ("failed", "outcome.failed"), values=(("failure", "true"), ("success", "false"))
            ),
            "bytes_out": Source(("out.bytes", "size")),
            "actor_tags": Source(("user.tags", "tags")),
            "classifier_labels": Source(("labels", "scan.labels"), split=";"),
            "token_scopes": Source(("scp", "scope")),
            "method": Source(("what",), values=(("call", "tools/call"), ("list", "tools/list"))),
            "tool_name": Source(("tool-name", "tool name")),
        },
        _OWN,
    ),
)
_ANY: tuple[Any, ...] = (
    *(
        None,
        "",
        " \t\u00a0",
        "x",
        "é",
        "日本",
        'q"\\',
        "a b",
        "5",
        "007",
        "1.50",
        5,
        0,
        1,
        -3,
        1.5,
        True,
        False,
    ),
    *(
        "true",
        "FALSE",
        "null",
        "NULL",
        [],
        ["a"],
        ["a", "b c"],
        ["a", 5],
        [None],
        [""],
        [["a"]],
        {},
        {"a": 1},
    ),
    *("r w", "r  w", " r", "r,w", "secret.key;pii.a", "r:*", ["r w", "x"], ["secret.k", "a;b"], '["a"]'),
    *("Permitted", " BLOCKED\u2003", "allow", "ALLOW", "deny", 403, "403", "a-b.c", "aXb.c", "o\u212a"),
    *("tool_call", "Registry", "Success", "failure", " call", "list", "read_only", ["read_only"]),
)
_LISTS = (["a"], ["a", "b"], ["r", "w"], ["read_only"], ["secret.k", "pii.a"], ["r:*"], ["x"])
_WORDS = tuple(one for one in _ANY if isinstance(one, str))
_TYPES: dict[Kind, tuple[str, tuple[Any, ...]]] = {
    Kind.BOOL: ("boolean", (True, False)),
    Kind.INTEGER: ("long", (0, 1, -3, 10**15)),
    Kind.NUMBER: ("double", (0.0, 1.5, -3.0)),
    Kind.TEXTS: ("keyword", _LISTS),
}
_COLUMNS = {column.name: column for column in schema.load(Path(__file__).resolve().parents[2])}
_KEYS = tuple(
    sorted({key for one in MAPPINGS for it in one.fields.values() for p in it.paths for key in p.split(".")})
)


def paths(mapping: FieldMapping) -> list[str]:
    return sorted({path for source in mapping.fields.values() for path in source.paths})


def stored_as(mapping: FieldMapping) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """By path: the type that its field has in an index, and values that such a field keeps as they are."""
    found: dict[str, tuple[str, tuple[Any, ...]]] = {}
    for name, source in mapping.fields.items():
        kind = _COLUMNS[name].kind
        if kind is Kind.TIME:
            continue
        told = ("keyword", _WORDS) if source.values or kind in (Kind.TEXT, Kind.ENUM) else _TYPES[kind]
        if source.split:  # of an element with a blank in it an EVAL says that it cannot tell
            words = tuple(one for one in _WORDS if source.split == " " or not one.strip() or " " not in one)
            told = ("keyword", (*words, *_LISTS))
        found |= dict.fromkeys(source.paths, told)
    return found


@st.composite
def kept_events(draw: st.DrawFn, mapping: FieldMapping) -> dict[str, Any]:
    """Path → value, of an event that an index has kept whole."""
    fields = stored_as(mapping)
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), unique=True))
    chosen = [path for path in chosen if not any(other.startswith(f"{path}.") for other in fields)]
    return {path: draw(st.sampled_from(fields[path][1])) for path in chosen}


def nested(kept: dict[str, Any]) -> dict[str, Any]:
    """The event that it was."""
    event: dict[str, Any] = {}
    for path, value in kept.items():
        _put(event, tuple(path.split(".")), value)
    return event


@st.composite
def events(draw: st.DrawFn, mapping: FieldMapping) -> dict[str, Any]:
    """Mostly one value a path; sometimes in two spellings, and the same keys at other levels."""
    event: dict[str, Any] = {}
    for path in draw(st.lists(st.sampled_from(paths(mapping)), max_size=8)):
        _put(event, draw(st.sampled_from(spellings(path))), draw(st.sampled_from(_ANY)))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from([(), ("extra",), ("target",), ("extra", "target"), ("call", "x")]))
        value = draw(st.sampled_from(_ANY))
        key = draw(st.sampled_from(_KEYS))
        _put(event, (*place, key), [{key: value}] if draw(st.booleans()) else value)
    return event


def _put(event: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    for key in keys[:-1]:
        if not isinstance(event.get(key), dict):
            event[key] = {}
        event = event[key]
    event[keys[-1]] = value
