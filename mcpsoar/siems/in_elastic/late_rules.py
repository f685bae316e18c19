"""Gates that count, asked once more: for hits that came in when no tick looked at their minute any more.

One such hit is a page as shipped, so each is an alert, by when it came in; tuned floors are not asked. A gate
of a day or more waits long enough by itself.
"""

from collections.abc import Iterator

from mcpsoar.core.event import MINUTE_MS
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import gate_rules, naming, prose
from mcpsoar.siems.in_elastic.event_rules import EVERY_MINUTES, LOOK_BACK_MINUTES
from mcpsoar.siems.in_elastic.line import Asked, Told, line
from mcpsoar.targets.es import gate, paths
from mcpsoar.targets.gate import Gate

_DAY_MS = 24 * 60 * MINUTE_MS
_SHOWN = ("subject", paths.EVENT_ID, paths.TIME, paths.RECEIVED)


def lines(content: Content) -> Iterator[dict[str, object]]:
    """One a gate, by id. Raises Unsupported."""
    for one in content.gates:
        if one.text.page.ratio is None and one.text.window_ms < _DAY_MS:
            yield _line(one, content)


def _line(one: Gate, content: Content) -> dict[str, object]:
    text = one.text
    tuning = content.tuning.gate(text.id)
    owner = tuning.owner or text.owner
    told = Told(
        uuid=naming.fixed("late gate", text.id),
        name=f"MCP gate: {text.title} (came late)",
        description=" ".join(text.why.split()),
        level=tuning.severity or text.severity,
        note=prose.runbook(text, owner),
        setup=prose.setup(()),
        owner=owner,
        is_enabled=bool(tuning.enabled),
        tags=(f"Late gate: {text.id}",),
        false_alarms=text.false_alarms,
        references=text.references,
        shown=[*gate_rules.asked(content).by(), *_SHOWN],
    )
    query = gate.late(one, content.columns, gate_rules.asked(content))
    asked = Asked(query, EVERY_MINUTES, EVERY_MINUTES + LOOK_BACK_MINUTES, paths.RECEIVED)
    return line(told, asked, content.columns)
