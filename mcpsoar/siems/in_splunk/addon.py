"""The add-on: the source type `mcp:audit`, its time, its limits, its fields in normal form, and CIM's names.

The time is set at ingest from the event's own top-level key, exactly: a nested key of that name, which a
caller chooses, is not it. So events posted to the HTTP event collector, whose timestamps Splunk does not look
for, get theirs too, with fractions of a second (transforms.conf.spec 9.0, INGEST_EVAL). An event whose time
cannot be read has that of its arrival.
"""

from collections.abc import Iterator, Mapping, Sequence

from mcpsoar.core.errors import Usage
from mcpsoar.core.event import Column, Kind
from mcpsoar.kit import stored
from mcpsoar.kit.mapping import FieldMapping, Source, spellings
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_splunk import conf, identity
from mcpsoar.siems.in_splunk.asks import SOURCETYPE_KEY
from mcpsoar.siems.in_splunk.identity import Identity
from mcpsoar.targets.spl import fields
from mcpsoar.targets.spl.place import STRING, Place
from mcpsoar.targets.spl.text import END, Said, both, counted, either, encoded, field, literal

SOURCETYPE = "mcp:audit"
_LONGEST_TENANT = 8191
LONGEST = 4_194_304  # characters of one event; what is longer is cut, and said to be
TA = Identity(
    "TA-mcpsoar",
    "MCP audit events",
    "Parses audit events of MCP gateways and servers.",
    is_visible=False,
    workloads=("_search_heads", "_indexers"),
)
_FULL = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?"
    rf"([Zz]?|[+-][0-9]{{2}}:[0-9]{{2}}){END}"
)
_SPELT = ((_FULL, r"\1 \2 \3"), (r" [Zz]?$", " +0000"), (r"([+-][0-9]{2}):([0-9]{2})$", r"\1\2"))
_FRACTION = r"^.*:[0-9]{2}(\.[0-9]{1,9})[^.]*$"
_WITH_ZERO = r"0\1"
_NUMBER = rf"^[0-9]+(\.[0-9]+)?{END}"
_SECONDS_BELOW = 100_000_000_000  # the contract's section 6: below it seconds, else milliseconds
_CIM = {  # the fields of CIM 6 that a column answers
    "user": "actor_id",
    "dest": "server_name",
    "src": "src_ip",
    "command": "tool_name",
    "http_user_agent": "user_agent",
    "response_time": "latency_ms",
}
_TIME = "event_time"
_GIVEN = frozenset(
    {"host", "index", "source", "sourcetype", "splunk_server"}
)  # Splunk's own: one value always
_BLANKS = encoded("".join(map(chr, stored.BLANKS)))
DOUBLED = "mcp_has_key_twice"


def files(content: Content) -> dict[str, bytes]:
    """By path inside the app's folder, without README and licence. Raises Usage, Unsupported."""
    return {
        **identity.files(TA),
        "default/props.conf": conf.written(props(content)),
        "default/transforms.conf": conf.written(transforms(content.mapping)),
    }


def sourcetype(mapping: FieldMapping | None) -> str:
    """Ours, or the one of the user's own events. Raises Usage for a mapping that names none."""
    if mapping is None:
        return SOURCETYPE
    said = mapping.own.get(SOURCETYPE_KEY.name, "")
    if not said:
        raise Usage(f"the mapping {mapping.name!r} names no sourcetype: add one, such as example:gateway")
    return said


def props(content: Content) -> Mapping[str, conf.Stanza]:
    """Parsing at ingest, and fields at search time: calculated fields do not see one another."""
    calculated = fields.calculated(content.columns, sources=content.mapping)
    decision = calculated["decision"]
    return {
        sourcetype(content.mapping): {
            "SHOULD_LINEMERGE": "0",
            "LINE_BREAKER": r"([\r\n]+)",
            "TRUNCATE": str(LONGEST),
            "DATETIME_CONFIG": "CURRENT",
            "TZ": "UTC",
            "TRANSFORMS-mcp_event_time": "mcp_event_time",
            "KV_MODE": "json",
            "AUTO_KV_JSON": "1",
            "EVAL-app": '"mcp"',
            "EVAL-vendor_product": '"MCP audit"',
            "EVAL-action": f'case({decision}="allow", "allowed", isnotnull({decision}), "blocked")',
            **{f"EVAL-{name}": f"coalesce({calculated[own]}, {name})" for name, own in _CIM.items()},
            f"EVAL-{DOUBLED}": _doubled(content),
            **{f"EVAL-{name}": expression for name, expression in calculated.items()},
            **{f"EVAL-{name}": _tenant(field(name)) for name in _tenants(content)},
        }
    }


def transforms(mapping: FieldMapping | None) -> Mapping[str, conf.Stanza]:
    """RFC 3339 with any offset, or none for UTC; seconds or milliseconds since 1970."""
    paths = (_TIME,) if mapping is None else mapping.fields[_TIME].paths
    found = [_read(keys) for path in paths for keys in spellings(path)]
    return {"mcp_event_time": {"INGEST_EVAL": f"_time=coalesce({_seconds(found)}, _time)"}}


def _doubled(content: Content) -> str:
    """A key that an event has twice (assumed: the values of both are extracted).

    That is two values where a column has one, and more elements than the list has that a JSON function finds.
    """
    kinds = [(path, one.kind) for one in content.columns for path in _paths(content, one)]
    kinds += [(name, Kind.TEXT) for name in _tenants(content)]
    twice = either(*(_has_more(path, kind) for path, kind in kinds))
    return f'if({twice.text}, "true", null())'


def _tenants(content: Content) -> Iterator[str]:
    """The field of tenants, where it is neither a column nor Splunk's."""
    name = content.options.tenant
    if name and name not in _GIVEN and not name.startswith("_"):
        yield from {name} - {one.name for one in content.columns}


def _tenant(here: str) -> str:
    """One text by which everything can be grouped, or nothing; as the pipeline of Elastic has it."""
    is_one = f"coalesce(mvcount({here}), 0)=1"
    return (
        f'case({is_one}, if(len({here})<={_LONGEST_TENANT} AND trim({here}, {_BLANKS})!="", {here}, null()))'
    )


def _paths(content: Content, column: Column) -> Sequence[str]:
    if content.mapping is None:
        return (column.name,)
    return content.mapping.fields.get(column.name, Source()).paths


def _has_more(path: str, kind: Kind) -> Said:
    if kind is not Kind.TEXTS:
        return Said(f"coalesce(mvcount({field(path)}), 0)>1")
    place = Place(path)
    texts = [counted(f'coalesce({_read(keys)}, "")', STRING) for keys in spellings(path)]
    return both(place.listed, Said(f"coalesce(mvcount({place.elements}), 0)>{'+'.join(texts)}"))


def _read(keys: Sequence[str]) -> str:
    """Key by key, each as it is spelt."""
    read = "_raw"
    for key in keys:
        read = f"json_extract_exact({read}, {literal(key)})"
    return read


def _seconds(found: Sequence[str]) -> str:
    said = f"coalesce({', '.join(found)})"
    at = f'coalesce({said}, "")'
    number = f"tonumber({said})"
    seconds = f"if({number}<{_SECONDS_BELOW}, {number}, exact({number}/1000))"
    clock = at
    for pattern, spelling in _SPELT:
        clock = f"replace({clock}, {literal(pattern)}, {literal(spelling)})"
    digits = f"replace({at}, {literal(_FRACTION)}, {literal(_WITH_ZERO)})"
    fraction = f"if(match({at}, {literal(_FRACTION)}), tonumber({digits}), 0)"
    told = f'exact(strptime({clock}, "%Y-%m-%d %H:%M:%S %z")+{fraction})'
    is_text = f"match({at}, {literal(_NUMBER)})"
    return f"case(isnull({said}), null(), isnum({said}), {seconds}, {is_text}, {seconds}, true(), {told})"
