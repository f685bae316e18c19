"""What a person looks at: each gate now, one server's story, and whether the log can answer at all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mcpsoar.core.event import Column, Kind
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import detection_rules, gate_rules, naming
from mcpsoar.siems.in_elastic.asks import CLUSTER
from mcpsoar.targets.es import alert, gate, paths
from mcpsoar.targets.es.gate import assigned, grouped
from mcpsoar.targets.es.text import quoted

_MOST = 1000
_STORY = (
    *("event_time", "server_name", "event_id", "actor_id", "tool_name", "event_kind", "action_class"),
    *("decision", "approval_id", "registry_status", "environment", "classifier_result", "status"),
)


@dataclass(frozen=True, slots=True)
class View:
    """`key` is what its id is made of, and never changes; `height` counts rows of a dashboard's grid."""

    key: str
    title: str
    description: str
    query: str
    height: int


def views(content: Content) -> Iterator[View]:
    """In the order of the dashboard. Raises Unsupported for a gate that cannot be said."""
    ask = gate.state if content.options.of(CLUSTER) else alert.state
    for one in content.gates:
        query = ask(one, content.columns, gate_rules.asked(content))
        yield View(f"gate {one.text.id}", f"MCP gate: {one.text.id}", one.text.title, query, 5)
    yield View("status", "MCP log: does it arrive", _STATUS, _status(content), 5)
    yield View("fields", "MCP log: rules that cannot be judged", _FIELDS, _fields(content), 12)
    yield View("story", "MCP server: its story", _OF_A_SERVER, _story(content), 18)


_STATUS = (
    "No events is no data, and not well. Silent: minutes since something came; waited: the longest way in."
)
_FIELDS = "A field that some events lack, and the rules that say nothing of these: silence is no all-clear."
_OF_A_SERVER = "Filter by mcp.server_name; newest first."


def _status(content: Content) -> str:
    counted = {
        "events": "COUNT(*)",
        "last_event": f"MAX({paths.TIME})",
        "last_received": f"MAX({paths.RECEIVED})",
        "waited_seconds": f'MAX(DATE_DIFF("second", {paths.TIME}, {paths.RECEIVED}))',
        "rejected": f"COUNT(*) WHERE NOT {paths.IS_EVENT}",
        "truncated": f"COUNT(*) WHERE {paths.TRUNCATED} IS NOT NULL",
    }
    by = gate_rules.asked(content).by()
    silent = 'silent_minutes = DATE_DIFF("minute", last_received, NOW())'
    return _commands(
        f"FROM {naming.source(content)}",
        f"STATS {assigned(f'{name} = {value}' for name, value in counted.items())}{grouped(by)}",
        f'EVAL state = CASE(events == 0, "no_data", "ok"), {silent}',
        f"KEEP {', '.join([*by, 'state', 'silent_minutes', *counted])}",
    )


def _fields(content: Content) -> str:
    """One row a field that is not in every event."""
    needed: dict[str, list[str]] = {}
    for text in detection_rules.texts(content):
        for name in text.needs:
            needed.setdefault(name, []).append(text.id)
    columns = [column for column in content.columns if column.name in needed]
    by = gate_rules.asked(content).by()
    counts = [f"has_{one.name} = COUNT(*) WHERE {_is_known(one)}" for one in columns]
    findings = [_finding(one.name, needed[one.name]) for one in columns]
    return _commands(
        f"FROM {naming.source(content)}",
        f"WHERE {paths.IS_EVENT}",
        f"STATS {assigned(['events = COUNT(*)', *counts])}{grouped(by)}",
        f"EVAL finding = CONCAT({assigned(findings)})",
        'WHERE finding != ""',
        f"EVAL finding = SPLIT(SUBSTRING(finding, 1, LENGTH(finding) - 1), {quoted(_END)})",
        "MV_EXPAND finding",
        f"KEEP {', '.join([*by, 'finding'])}",
        "SORT finding",
        f"LIMIT {_MOST}",
    )


_END = "\n"


def _is_known(column: Column) -> str:
    path = paths.quoted(paths.of(column.name))
    if column.kind is not Kind.TEXTS:
        return f"{path} IS NOT NULL"
    return f"{path} IS NOT NULL OR MV_CONTAINS({paths.EMPTY_LISTS}, {quoted(column.name)})"


def _finding(name: str, rules: Sequence[str]) -> str:
    told = [
        quoted(f"{name}: in "),
        f"TO_STRING(has_{name})",
        quoted(" of "),
        "TO_STRING(events)",
        quoted(f" events; of the others silent: {', '.join(rules)}{_END}"),
    ]
    return f'CASE(has_{name} < events, CONCAT({", ".join(told)}), "")'


def _story(content: Content) -> str:
    known = {column.name for column in content.columns}
    shown = [paths.of(name) for name in _STORY if name in known]
    return _commands(
        f"FROM {naming.source(content)}",
        f"KEEP {', '.join(gate_rules.asked(content).by(*shown))}",
        f"SORT {paths.TIME} DESC",
        f"LIMIT {_MOST}",
    )


def _commands(*commands: str) -> str:
    return "\n| ".join(commands)
