"""Gates as searches of Splunk: one to look at, which is not scheduled, and one that alerts, every minute."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mcpsoar.core.content import GateText
from mcpsoar.core.event import MINUTE_MS
from mcpsoar.pack.overlay import GateTuning
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_splunk import alert, keys, schedule
from mcpsoar.siems.in_splunk.conf import Stanza
from mcpsoar.targets.gate import Gate
from mcpsoar.targets.spl import gate as spl
from mcpsoar.targets.spl import tuned

LAG = 1  # minutes that events have to arrive
# a row's group ends in its subject: a server named `-` is one, and an event without a server has none
_SUBJECT = 'if(match(groups, "^[a-z]+ [0-9]+ $"), null(), subject)'
_KEYED = f"eval by_subject={_SUBJECT}, by_subject={keys.named('by_subject')}"
_TUNED = ("page", "warn", "window_ms", "min_denominator", "min_numerator", "owner", "severity")


def name(id_: str) -> str:
    """The saved search that alerts."""
    return f"MCP gate {id_}"


def state_name(id_: str) -> str:
    """The one that tells the state, for dashboards and people."""
    return f"MCP gate {id_} state"


def late_name(id_: str) -> str:
    """The one that alerts on what came too late for every minute that looked at its time."""
    return f"MCP gate {id_} late"


ALERTS = (name, late_name)


def all_(content: Content) -> tuple[Gate, ...]:
    """The gates with the overlay's settings."""
    return tuple(
        replace(gate, text=_text(gate.text, content.tuning.gate(gate.text.id))) for gate in content.gates
    )


def searches(content: Content) -> Iterator[tuple[str, Stanza]]:
    """Two a gate, and a third where it counts. Raises Unsupported."""
    for gate in all_(content):
        text, tenant = gate.text, content.options.tenant
        span = schedule.every_minute(text.window_ms // MINUTE_MS, LAG)
        ranges = {key: one for key, one in span.items() if key.startswith("dispatch.")}
        state = spl.tunable(gate, content.columns, tenant=tenant)
        yield (
            state_name(text.id),
            {"description": _described(text), "search": state, "disabled": "0", "enableSched": "0", **ranges},
        )
        paging = spl.tunable(gate, content.columns, tenant=tenant, only_pages=True)
        first = [*(["tenant"] if tenant else []), "gate"]
        told = _alert(text, first)
        is_enabled = content.tuning.gate(text.id).enabled
        yield (
            name(text.id),
            {
                "description": _described(text),
                "search": paging if _is_ratio(text) else f"{paging}\n| {_KEYED}",
                "disabled": "0" if is_enabled else "1",
                **span,
                **alert.settings(told),
            },
        )
        if not _is_ratio(text):
            yield (
                late_name(text.id),
                {
                    "description": _described(text),
                    "search": spl.late(gate, content.columns, tenant=tenant),
                    "disabled": "0" if is_enabled else "1",
                    **schedule.by_index_time(late_name(text.id), schedule.EVERY),
                    **alert.settings(replace(told, label=f"{text.title}, told late", by=[*first, "subject"])),
                },
            )


def macros(content: Content) -> Iterator[tuple[str, Stanza]]:
    """Window and state of each, and how late events may be."""
    yield tuned.LAG, {"definition": str(LAG)}
    for gate in all_(content):
        for stanza, (definition, arguments) in tuned.macros(gate.text).items():
            yield stanza, {"definition": definition} | ({"args": arguments} if arguments else {})


def _is_ratio(text: GateText) -> bool:
    return text.page.ratio is not None


def _alert(text: GateText, first: Sequence[str]) -> alert.Alert:
    is_ratio = _is_ratio(text)
    subject = "$numerator$ of $denominator$" if is_ratio else "$subject$"
    return alert.Alert(
        label=text.title,
        title=f"{text.title}: {subject}",
        description=_described(text),
        level=text.severity,
        by=[*first, *([] if is_ratio else ["by_subject"])],
        period=f"{text.window_ms // MINUTE_MS}m",
        risky=[] if is_ratio else [("subject", "other")],
    )


def _described(text: GateText) -> str:
    steps = [f"{number}. {one}" for number, one in enumerate(text.runbook, 1)]
    said = [f"{text.title}.", f"Owner: {text.owner}.", text.why, *steps]
    return " ".join(" ".join(said).split())


def _text(text: GateText, tuning: GateTuning) -> GateText:
    said = {key: getattr(tuning, key) for key in _TUNED if getattr(tuning, key) is not None}
    return replace(text, **said)
