"""The add-on: the source type `mcp:audit`, its time, its limits, its fields in normal form, and CIM's names.

The time is set at ingest from the event's own top-level key, exactly: a nested key of that name, which a
caller chooses, is not it. So events posted to the HTTP event collector, whose timestamps Splunk does not look
for, get theirs too. An event whose time cannot be read has that of its arrival.
"""

from collections.abc import Mapping, Sequence

from mcpsoar.core.event import Column
from mcpsoar.siems.in_splunk import conf, identity
from mcpsoar.siems.in_splunk.identity import Identity
from mcpsoar.targets.spl import fields
from mcpsoar.targets.spl.text import END, literal

SOURCETYPE = "mcp:audit"
LONGEST = 4_194_304  # characters of one event; what is longer is cut, and said to be
TA = Identity(
    "TA-mcpsoar",
    "MCP audit events",
    "Parses audit events of MCP gateways and servers.",
    is_visible=False,
    workloads=("_search_heads", "_indexers"),
)
_AT = 'trim(json_extract(_raw, "event_time"))'
_FULL = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?"
    rf"([Zz]?|[+-][0-9]{{2}}:?[0-9]{{2}}){END}"
)
_SPELT = ((_FULL, r"\1 \2 \3"), (r" [Zz]?$", " +0000"), (r"([+-][0-9]{2}):([0-9]{2})$", r"\1\2"))
_FRACTION = r"^.*:[0-9]{2}(\.[0-9]{1,9})[^.]*$"
_WITH_ZERO = r"0\1"
_NUMBER = rf"^[0-9]+(\.[0-9]+)?{END}"
_SECONDS_BELOW = 100_000_000_000  # the contract's section 6: below it seconds, else milliseconds
_CIM = {
    "actor_id": "user",
    "server_name": "dest",
    "src_ip": "src",
    "tool_name": "command",
    "user_agent": "http_user_agent",
    "latency_ms": "response_time",
    "bytes_out": "bytes_out",
}
_ACTION = 'case(lower(decision)="allow", "allowed", isnotnull(decision), "blocked")'


def files(columns: Sequence[Column]) -> dict[str, bytes]:
    """By path inside the app's folder, without README and licence."""
    return {
        **identity.files(TA),
        "default/props.conf": conf.written(props(columns)),
        "default/transforms.conf": conf.written(transforms()),
    }


def props(columns: Sequence[Column]) -> Mapping[str, conf.Stanza]:
    """Parsing at ingest, and fields at search time."""
    aliases = " ".join(f"{own} ASNEW {name}" for own, name in _CIM.items() if own != name)
    calculated = fields.calculated(columns)
    return {
        SOURCETYPE: {
            "SHOULD_LINEMERGE": "0",
            "LINE_BREAKER": r"([\r\n]+)",
            "TRUNCATE": str(LONGEST),
            "DATETIME_CONFIG": "CURRENT",
            "TZ": "UTC",
            "TRANSFORMS-mcp_event_time": "mcp_event_time",
            "KV_MODE": "json",
            "AUTO_KV_JSON": "1",
            "FIELDALIAS-mcp_cim": aliases,
            "EVAL-action": _ACTION,
            "EVAL-app": '"mcp"',
            "EVAL-vendor_product": '"MCP audit"',
            **{f"EVAL-{name}": expression for name, expression in calculated.items()},
        }
    }


def transforms() -> Mapping[str, conf.Stanza]:
    """RFC 3339 with any offset, or none for UTC; seconds or milliseconds since 1970."""
    return {"mcp_event_time": {"INGEST_EVAL": f"_time=coalesce({event_time()}, _time)"}}


def event_time() -> str:
    """The time as an expression over the event's text; null where there is none."""
    number, clock = f"tonumber({_AT})", _AT
    seconds = f"if({number}<{_SECONDS_BELOW}, {number}, exact({number}/1000))"
    for pattern, spelling in _SPELT:
        clock = f"replace({clock}, {literal(pattern)}, {literal(spelling)})"
    digits = f"replace({_AT}, {literal(_FRACTION)}, {literal(_WITH_ZERO)})"
    fraction = f"if({_matches(_FRACTION)}, tonumber({digits}), 0)"
    told = f'exact(strptime({clock}, "%Y-%m-%d %H:%M:%S %z")+{fraction})'
    return f"if({_matches(_NUMBER)}, {seconds}, {told})"


def _matches(pattern: str) -> str:
    return f"match({_AT}, {literal(pattern)})"
