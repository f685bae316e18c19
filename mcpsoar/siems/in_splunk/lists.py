"""What people say of servers: who is approved, pins, tickets, deploy windows; the overlay's or Splunk's own.

Splunk's are collections of the KV store, which no upgrade touches. The gates ask two macros: they pass every
event as it is, hold what the overlay says, or call one of the macros that look into the collections.
"""

from collections.abc import Iterator, Mapping

from mcpsoar.pack.overlay import Tuning
from mcpsoar.siems.in_splunk.conf import Stanza
from mcpsoar.targets.spl.allow import EVERYTHING, equals
from mcpsoar.targets.spl.text import encoded
from mcpsoar.targets.spl.tuned import ANY_NAME, APPROVED, FILLED, LOOKUP, ON_LIST, looked_up

PINS, TICKETS, WINDOWS = "mcp_pins", "mcp_tickets", "mcp_deploy_windows"
_FIELDS = {
    LOOKUP: ("server_name",),
    PINS: ("server_name", "manifest_hash"),
    TICKETS: ("server_name", "change_ticket"),
    WINDOWS: ("server_name", "window"),  # seconds since 1970: 1767225600-1767232800
}
_INSIDE = (
    '_time>=tonumber(mvindex(split(listed_windows, "-"), 0))'
    ' AND _time<tonumber(mvindex(split(listed_windows, "-"), 1))'
)
_FILL = (  # an event's own word counts; what it denies itself stays denied
    (
        "eval pinned_manifest_hash=coalesce(pinned_manifest_hash, listed_pin),"
        " change_ticket=coalesce(change_ticket, listed_ticket),"
        " deploy_window=coalesce(deploy_window, listed_window)"
    ),
    (
        'eval manifest_match=case(isnotnull(manifest_match) AND manifest_match="false", "false",'
        " isnotnull(manifest_hash) AND isnotnull(pinned_manifest_hash),"
        ' if((manifest_hash."")=(pinned_manifest_hash.""), "true", "false"), true(), manifest_match),'
        ' has_ticket=if(isnotnull(change_ticket), "true", "false")'
    ),
)


def macros(tuning: Tuning) -> Iterator[tuple[str, Stanza]]:
    """What the gates ask, and what they may be told to ask."""
    approved = ANY_NAME if tuning.approved is None else _approved(tuning.approved)
    is_told = tuning.pins or tuning.tickets or tuning.deploy_windows
    told = (_told(tuning), *_FILL) if is_told else (EVERYTHING,)
    for name, commands in (
        (APPROVED, (approved,)),
        (f"{APPROVED}_from_lookup", tuple(looked_up())),
        (FILLED, told),
        (f"{FILLED}_from_lookups", (*_looked_up(), *_FILL)),
    ):
        yield name, {"definition": "\n| ".join(commands)}


def collections() -> Iterator[tuple[str, Stanza]]:
    """Of the KV store: the fields are texts."""
    for name, fields in _FIELDS.items():
        yield name, {f"field.{field}": "string" for field in fields}


def lookups() -> Iterator[tuple[str, Stanza]]:
    """One a collection. A server has one pin and one ticket, and any number of windows."""
    for name, fields in _FIELDS.items():
        yield (
            name,
            {
                "external_type": "kvstore",
                "collection": name,
                "fields_list": ", ".join(("_key", *fields)),
                "case_sensitive_match": "1",
                "max_matches": "1000" if name == WINDOWS else "1",
            },
        )


def _approved(names: tuple[str, ...]) -> str:
    pairs = "".join(f'{equals("server_name", name)}, "true", ' for name in names)
    return f'eval {ON_LIST}=case({pairs}isnotnull(server_name), "false")'


def _told(tuning: Tuning) -> str:
    windows = "".join(
        f"{equals('server_name', one.server_name)} AND event_ms>={one.start_ms}"
        f' AND event_ms<{one.end_ms}, "true", '
        for one in tuning.deploy_windows
    )
    return (
        f"eval listed_pin={_by_server(tuning.pins)}, listed_ticket={_by_server(tuning.tickets)},"
        f" listed_window={f'case({windows}true(), null())' if windows else 'null()'}"
    )


def _by_server(said: Mapping[str, str]) -> str:
    pairs = "".join(f"{equals('server_name', name)}, {encoded(one)}, " for name, one in said.items())
    return f"case({pairs}true(), null())" if pairs else "null()"


def _looked_up() -> Iterator[str]:
    yield "eval listed_pin=null(), listed_ticket=null(), listed_windows=null()"
    yield f"lookup {PINS} server_name OUTPUT manifest_hash AS listed_pin"
    yield f"lookup {TICKETS} server_name OUTPUT change_ticket AS listed_ticket"
    yield f"lookup {WINDOWS} server_name OUTPUT window AS listed_windows"
    found = f'mvfind(mvmap(listed_windows, if({_INSIDE}, "in", "out")), "^in$")'
    yield f'eval listed_window=if(isnotnull({found}), "true", null())'
