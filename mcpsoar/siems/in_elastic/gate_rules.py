"""Gates as detection rules: each minute one question about a window, by the events' own time.

The query bounds its window itself, at whole minutes; the rule reads more than that, for the seconds between
its turn and its question. No exception list is asked: an exception takes events away before they are counted,
and with them half of a ratio. A gate that pages says so each minute: with a licence for it, suppression makes
one alert of a window, of a count one a subject; without, each minute is an alert.
"""

from collections.abc import Iterator
from dataclasses import replace

from mcpsoar.core.errors import Usage
from mcpsoar.core.event import MINUTE_MS
from mcpsoar.pack.overlay import GateTuning
from mcpsoar.siems.asked import Content, Options
from mcpsoar.siems.in_elastic import naming, prose
from mcpsoar.siems.in_elastic.asks import CLUSTER, TIER
from mcpsoar.siems.in_elastic.line import Asked, Told, line
from mcpsoar.targets.es import alert, gate
from mcpsoar.targets.gate import Gate

LAG_MINUTES = 1
SLACK_MINUTES = 2  # a window ends at a whole minute, and a rule asks some seconds after its turn
_SHOWN = ("gate", "subject", "state", "numerator", "denominator", "window_from", "window_to")
_THRESHOLDS = ("page", "warn", "window_ms", "min_denominator", "min_numerator")


def lines(content: Content) -> Iterator[dict[str, object]]:
    """Every gate, by id. Raises Unsupported; Usage for tuning that the query cannot take."""
    for one in content.gates:
        yield _line(one, content)


def asked(content: Content) -> gate.Asked:
    """How this pack asks every gate. A list that the overlay gives is joined; its names stand elsewhere."""
    return gate.Asked(
        lag_minutes=LAG_MINUTES,
        approved=content.tuning.approved is not None,
        servers=bool(content.tuning.pins or content.tuning.tickets),
        windows=bool(content.tuning.deploy_windows),
        index=naming.source(content),
        tenant=content.options.tenant,
    )


def thresholds(content: Content) -> Iterator[tuple[str, dict[str, object]]]:
    """The documents of the lookup index, by gate: those that the overlay tunes."""
    for one in content.gates:
        tuning = content.tuning.gate(one.text.id)
        said = {name: getattr(tuning, name) for name in _THRESHOLDS}
        if any(value is not None for value in said.values()):
            _check(one, tuning, content.options)
            yield one.text.id, alert.document(one.text.id, **said)


def widest_ms(one: Gate, options: Options) -> int:
    """The longest window that the query can be tuned to."""
    return one.text.window_ms if options.of(CLUSTER) else alert.widest_ms(one.text)


def _line(one: Gate, content: Content) -> dict[str, object]:
    text, options = one.text, content.options
    tuning = content.tuning.gate(text.id)
    owner = tuning.owner or text.owner
    ask = gate.state if options.of(CLUSTER) else alert.state
    query = ask(one, content.columns, asked(content), only_pages=True)
    told = Told(
        uuid=naming.fixed("gate", text.id),
        name=f"MCP gate: {text.title}",
        description=" ".join(text.why.split()),
        level=tuning.severity or text.severity,
        note=f"{prose.runbook(text, owner)}\n\n{_questions(one, content)}",
        setup=prose.setup(()),
        owner=owner,
        is_enabled=bool(tuning.enabled),
        tags=(f"Gate: {text.id}",),
        false_alarms=text.false_alarms,
        references=text.references,
        shown=[*asked(content).by(), *_SHOWN],
    )
    minutes = (tuning.window_ms or text.window_ms) // MINUTE_MS
    made = Asked(query, 1, widest_ms(one, options) // MINUTE_MS + LAG_MINUTES + SLACK_MINUTES)
    if options.of(TIER) != "basic":
        made = replace(made, suppressed_by=_once(one, options), suppressed_minutes=minutes)
    return line(told, made, content.columns)


def _once(one: Gate, options: Options) -> list[str]:
    """What the alerts of one window have alike: of a count, who is to blame."""
    own = "subject" if one.text.page.ratio is None else "state"
    return naming.by_tenant(options, "gate", own)


def _questions(one: Gate, content: Content) -> str:
    """For Discover, while the window lasts: who is to blame, and the newest events."""
    asks = (("Who is to blame", gate.groups), ("The newest events", gate.evidence))
    made = ((title, ask(one, content.columns, asked(content))) for title, ask in asks)
    return "\n\n".join(f"## {title}\n\n```esql\n{query}\n```" for title, query in made)


def _check(one: Gate, tuning: GateTuning, options: Options) -> None:
    if options.of(CLUSTER):
        said = "keeps its shipped thresholds across clusters, where ES|QL joins nothing after counting"
        raise Usage(f"gate {one.text.id} {said}: leave --cluster or the tuning out")
    widest = widest_ms(one, options)
    if tuning.window_ms is not None and tuning.window_ms > widest:
        minutes = widest // MINUTE_MS
        raise Usage(f"gate {one.text.id} reads {minutes} minutes in Elastic: no window is longer")
