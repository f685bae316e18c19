"""Field health: what the events lack, when the last one came, how late they are, what was cut.

Of JSON Splunk reads 5000 bytes and 100 keys unless limits.conf says more ([spath] extraction_cutoff, [kv]
limit; its spec, 9.0), which no app may do for its users. What goes beyond is told by the macro of truncation,
whose two bounds are macros: who raises the limits raises them too. A key that is there twice is told as well,
and a stamp so far ahead, or so far back, that no rule and no gate takes its event.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from mcpsoar.core.event import Column
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_splunk import alert, keys, schedule
from mcpsoar.siems.in_splunk.addon import DOUBLED, LONGEST
from mcpsoar.siems.in_splunk.conf import Stanza
from mcpsoar.targets.spl.backend import EVENTS
from mcpsoar.targets.spl.text import counted, field, literal

FIELDS, ARRIVAL, TRUNCATED = "MCP health fields", "MCP health arrival", "MCP health truncated"
SILENT, SILENT_TENANT = "MCP health silent", "MCP health silent tenant"
_QUIET = 15  # minutes without an event: no gate has anything to judge
TRUNCATED_MACRO = "mcp_is_truncated"
_EVER = {"dispatch.latest_time": "+36500d"}  # whatever stamps are forged
_DAY = {"dispatch.earliest_time": "-24h@m", **_EVER}
_ALWAYS = {"dispatch.earliest_time": "0", **_EVER}
_AHEAD = "_time>_indextime+600"
_BEHIND = "_time<_indextime-172800"  # `schedule.WIDE`, less what a run may come later
_REASONS = f'{_AHEAD}, "stamped ahead", {_BEHIND}, "stamped too far back", truncated=1, "cut short"'
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_BYTES = '(len(_raw)+3*(len(_raw)-len(replace(_raw, "[^ -~]", ""))))'  # at most so many
_KEYS = counted("_raw", r'"\s*:')
_BOUNDS = {"mcp_longest": "5000", "mcp_most_keys": "100"}


def searches(content: Content, said: Mapping[str, str]) -> Iterator[tuple[str, Stanza]]:
    """Two to look at and two that alert, and with tenants a third; `said` are the queries of rules by id."""
    looked = {"disabled": "0", "enableSched": "0", **_DAY}
    yield (
        FIELDS,
        {
            "description": "What asks for columns that the last day's events never have: no all-clear.",
            "search": _fields(content, said),
            **looked,
        },
    )
    yield (
        ARRIVAL,
        {
            "description": "The last event, how late events came, how many were cut or stamped ahead.",
            "search": _arrival(content.options.tenant),
            **looked,
        },
    )
    yield TRUNCATED, _truncated(content.options.tenant)
    yield SILENT, _silent()
    if content.options.tenant:
        yield SILENT_TENANT, _silent_tenant(content.options.tenant)


def macros() -> Iterator[tuple[str, Stanza]]:
    """The command that tells of an event whether Splunk may not have seen all of it, and its bounds."""
    yield from ((name, {"definition": most}) for name, most in _BOUNDS.items())
    longest, most = (f"`{name}`" for name in _BOUNDS)
    short = f"{_BYTES}>{longest} OR {_KEYS}>{most} OR len(_raw)>={LONGEST}"
    torn = 'NOT match(_raw, "}\\s*$")'
    seen = f"{short} OR {torn} OR isnotnull({DOUBLED})"
    yield TRUNCATED_MACRO, {"definition": f"eval truncated=if({seen}, 1, 0)"}


def _fields(content: Content, said: Mapping[str, str]) -> str:
    columns = {one.name: one for one in content.columns}
    lacking, asked = [], set()
    for id_, needs, read in _read(content, said):
        for need in needs:
            enough = sorted({need} | {name for name in read if _tells(columns[name], need)})
            asked |= set(enough)
            missing = " AND ".join(f"seen_{name}=0" for name in enough)
            lacking.append(f"if({missing}, {literal(f'{id_}: {need}')}, null())")
    counts = ", ".join(f"count({name}) AS seen_{name}" for name in sorted(asked))
    return "\n| ".join(
        [
            EVENTS,
            f"stats count AS events, {counts}",
            *_appended(lacking),
            "where isnotnull(lacking)",
            "mvexpand lacking",
            'eval rule=replace(lacking, ": .*$", ""), column=replace(lacking, "^.*: ", "")',
            "stats values(column) AS missing_columns, values(events) AS events BY rule",
            "table rule missing_columns events",
        ]
    )


def _read(content: Content, said: Mapping[str, str]) -> Iterator[tuple[str, Sequence[str], Collection[str]]]:
    """Of each rule and detection what it needs and what it reads."""
    columns = {one.name for one in content.columns}
    for rule in content.rules:
        yield rule.id, rule.needs, columns & set(_WORD.findall(said[rule.id]))
    for one in content.detections:
        yield one.text.id, one.text.needs, one.columns


def _tells(column: Column, need: str) -> bool:
    """Whether a column that the rule reads stands for one that it is derived from."""
    return need in _WORD.findall(column.derived) and "IS NOT NULL" not in column.derived


def _appended(parts: Sequence[str]) -> Iterator[str]:
    """A command for so many, or one would be a page long."""
    yield "eval lacking=null()"
    for at in range(0, len(parts), 20):
        yield f"eval lacking=mvappend(lacking, {', '.join(parts[at : at + 20])})"


def _arrival(tenant: str) -> str:
    counts = (
        "count AS events, max(happened) AS last_event, max(_indextime) AS last_indexed,"
        " max(lag) AS worst_lag_s, sum(truncated) AS truncated, sum(ahead) AS ahead"
    )
    commands = [
        EVENTS,
        f"`{TRUNCATED_MACRO}`",
        f"eval lag=_indextime-_time, ahead=if({_AHEAD}, 1, 0), happened=if(ahead=1, null(), _time)",
        *_by_tenant(tenant),
        f"stats {counts}{' BY tenant' if tenant else ''}",
        'eval state=if(events=0, "no_data", "ok"), silent_s=now()-last_indexed',
    ]
    return "\n| ".join(commands)


def _truncated(tenant: str) -> Stanza:
    """A row a server and reason: Splunk makes 500 alerts of one run, and a caller sends what is too long."""
    by = [*(["tenant"] if tenant else []), "by_server", "reason"]
    told = alert.Alert(
        label="MCP audit event that Splunk may not have seen whole",
        title="MCP audit events of $by_server$: $reason$",
        description="An event is longer, or has more keys, than is read, has a key twice, or is stamped more"
        " than ten minutes ahead or two days back: rules may not have seen what it says.",
        level="medium",
        by=by,
        period="1h",
        risky=[("by_server", "other")],
    )
    commands = [
        EVENTS,
        f"`{TRUNCATED_MACRO}`",
        f"eval reason=case({_REASONS})",
        "where isnotnull(reason)",
        *_by_tenant(tenant),
        f"eval by_server={keys.named('server_name')}",
        f"dedup {' '.join(by)}",
    ]
    return {
        "description": told.description,
        "search": "\n| ".join(commands),
        "disabled": "1",
        **schedule.by_index_time(TRUNCATED, schedule.EVERY),
        **_ALWAYS,
        **alert.settings(told),
    }


def _silent() -> Stanza:
    """Without events a search has no rows: it is the count of none that tells."""
    told = alert.Alert(
        label="MCP audit events stopped",
        title=f"No MCP audit event was indexed for {_QUIET} minutes",
        description="Rules and gates are silent for want of events: look at the forwarders and the gateways.",
        level="high",
        by=["state"],
        period="1h",
        risky=[],
    )
    commands = [EVENTS, "stats count AS events", "where events=0", 'eval state="no_data"']
    return {
        "description": told.description,
        "search": "\n| ".join(commands),
        "disabled": "1",
        **schedule.by_index_time(SILENT, _QUIET),
        **alert.settings(told),
    }


def _silent_tenant(tenant: str) -> Stanza:
    """Of the tenants of the last day: the events of others end their silence for the search above."""
    told = alert.Alert(
        label="MCP audit events of a tenant stopped",
        title=f"No MCP audit event of $tenant$ was indexed for {_QUIET} minutes",
        description="Rules and gates are silent about this tenant for want of events: look at its forwarders"
        " and its gateways. A tenant that is quiet by night is told of by night.",
        level="medium",
        by=["tenant", "state"],
        period="1h",
        risky=[],
    )
    commands = [
        EVENTS,
        *_by_tenant(tenant),
        f'eval is_new=if(_indextime>=relative_time(now(), "-{_QUIET + schedule.SETTLE}m@m"), 1, 0)',
        "stats sum(is_new) AS events BY tenant",
        "where events=0",
        'eval state="no_data"',
    ]
    return {
        "description": told.description,
        "search": "\n| ".join(commands),
        "disabled": "1",
        **schedule.looking_back(SILENT_TENANT, _QUIET, 0),
        **_DAY,
        **alert.settings(told),
    }


def _by_tenant(tenant: str) -> Iterator[str]:
    if tenant:
        yield f"eval tenant={keys.tenant(field(tenant))}"
