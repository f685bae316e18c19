"""Dashboards in Simple XML: gates at a glance, one server's story, field health; and the app's menu.

They call saved searches by name and the macro of the events, so that no query stands twice.
"""

from collections.abc import Iterator, Sequence
from html import escape

from mcpsoar.core.content import GateText
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_splunk import gates, health
from mcpsoar.targets.spl.backend import EVENTS

GATES, SERVER, HEALTH = "mcp_gates", "mcp_server", "mcp_health"
_LABELS = {GATES: "Gates at a glance", SERVER: "One server's story", HEALTH: "Field health"}
_COLOURS = '{"page": #DC4E41, "warn": #F8BE34, "no_data": #708794, "ok": #53A051}'
_STORY = {  # of one server: what is asked, by title
    "Calls by what policy said": "timechart span=15m count BY decision",
    "Who calls what": "stats count, max(_time) AS last BY actor_id tool_name decision | sort 50 -count"
    ' | fieldformat last=strftime(last, "%F %T")',
    "Manifests and pins": "stats count, min(_time) AS first, max(_time) AS last BY manifest_hash"
    " pinned_manifest_hash registry_status | sort 20 -last"
    ' | fieldformat first=strftime(first, "%F %T") | fieldformat last=strftime(last, "%F %T")',
    "Outputs that were held back": 'search classifier_result IN ("quarantine", "redact", "error")'
    " | table _time event_id actor_id tool_name classifier_result classifier_labels",
    "The newest events": "head 100 | table _time event_id actor_id tool_name action_class decision"
    " approval_id status",
}


def files(content: Content) -> dict[str, bytes]:
    """By path inside the app's folder."""
    return {
        f"default/data/ui/views/{name}.xml": made.encode()
        for name, made in (
            (GATES, _gates([gate.text for gate in content.gates])),
            (SERVER, _server()),
            (HEALTH, _health()),
        )
    } | {"default/data/ui/nav/default.xml": _menu().encode()}


def _menu() -> str:
    views = "".join(
        f'  <view name="{name}"{" default=" + chr(34) + "true" + chr(34) if name == GATES else ""} />\n'
        for name in _LABELS
    )
    return f'<nav search_view="search">\n{views}  <view name="search" />\n  <view name="alerts" />\n</nav>\n'


def _gates(texts: Sequence[GateText]) -> str:
    rows = (
        _row(_table(text.title, f'    <search ref="{escape(gates.state_name(text.id))}" />', _paint("state")))
        for text in texts
    )
    return _form(GATES, "What each gate says of its window now; it pages by its own schedule.", rows)


def _server() -> str:
    base = f"{EVENTS} | where server_name=$server|s$"
    inputs = (
        '  <fieldset submitButton="false">\n'
        '    <input type="text" token="server"><label>Server</label></input>\n'
        '    <input type="time" token="range"><label>Time</label>'
        "<default><earliest>-24h@m</earliest><latest>now</latest></default></input>\n"
        "  </fieldset>\n"
    )
    rows = (_row(_table(title, _query(f"{base} | {asked}"))) for title, asked in _STORY.items())
    return _form(SERVER, "All that one server did and was asked to do.", rows, inputs=inputs)


def _health() -> str:
    searches = {
        "Events: the last one, how late, how many cut": health.ARRIVAL,
        "Rules that the last day's events cannot answer": health.FIELDS,
    }
    rows = (_row(_table(title, f'    <search ref="{name}" />')) for title, name in searches.items())
    return _form(HEALTH, "A rule whose columns never come is silent, and no all-clear.", rows)


def _form(name: str, said: str, rows: Iterator[str], *, inputs: str = "") -> str:
    tag = "form" if inputs else "dashboard"
    label = escape(_LABELS[name], quote=False)
    return (
        f'<{tag} version="1.1">\n  <label>{label}</label>\n'
        f"  <description>{escape(said, quote=False)}</description>\n{inputs}{''.join(rows)}</{tag}>\n"
    )


def _row(panel: str) -> str:
    return f"  <row>\n  <panel>\n{panel}  </panel>\n  </row>\n"


def _table(title: str, search: str, options: str = "") -> str:
    return f"  <table>\n    <title>{escape(title, quote=False)}</title>\n{search}\n{options}  </table>\n"


def _query(text: str) -> str:
    span = "<earliest>$range.earliest$</earliest><latest>$range.latest$</latest>"
    return f"    <search><query>{escape(text, quote=False)}</query>{span}</search>"


def _paint(field: str) -> str:
    palette = f'<colorPalette type="map">{escape(_COLOURS, quote=False)}</colorPalette>'
    return f'    <format type="color" field="{field}">{palette}</format>\n'
