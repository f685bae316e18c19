"""Three events that show that a pack works: what to send, and who has to answer."""

from dataclasses import dataclass

from mcpsoar.core.digest import Facts, Json
from mcpsoar.kit.mapping import FieldMapping, Source


@dataclass(frozen=True, slots=True)
class Sample:
    """An event without its time, and the rules and gates that it concerns."""

    event: Facts
    rules: tuple[str, ...]
    gates: tuple[str, ...]


_CALL = {"event_kind": "tool_call", "environment": "production", "actor_id": "svc-test", "token_jti": "t-1"}
SAMPLES = (
    Sample(
        {
            **_CALL,
            "event_id": "mcpsoar-test-1",
            "server_name": "mcpsoar-test",
            "tool_name": "delete_record",
            "registry_status": "approved",
            "action_class": "destructive",
            "decision": "ALLOW",
        },
        rules=(),
        gates=("unapproved-write-calls",),
    ),
    Sample(
        {
            **_CALL,
            "event_id": "mcpsoar-test-2",
            "server_name": "mcpsoar-test-shadow",
            "tool_name": "search",
            "registry_status": "unknown",
            "action_class": "read",
            "decision": "DENY",
        },
        rules=("shadow_server_in_production",),
        gates=("registry-drift",),
    ),
    Sample(
        {
            **_CALL,
            "event_id": "mcpsoar-test-3",
            "server_name": "mcpsoar-test",
            "tool_name": "search",
            "registry_status": "approved",
            "action_class": "read",
            "decision": "ALLOW",
            "token_aud": ["https://other.example.com"],
            "server_audience": "https://test.example.com",
        },
        rules=("foreign_token_accepted",),
        gates=(),
    ),
)


def in_their_words(event: Facts, mapping: FieldMapping) -> Facts:
    """The event as the log would write it that the mapping reads; what it does not read is left out."""
    said = {name: source for name, source in mapping.fields.items() if source.paths and name in event}
    return {source.paths[0]: _word(event[name], source) for name, source in said.items()}


def _word(value: Json, source: Source) -> Json:
    if source.values:
        return next((theirs for theirs, ours in source.values if ours == str(value).lower()), value)
    return source.split.join(value) if source.split and isinstance(value, list) else value
