"""Sigma rules as detection rules: each looks at events as they come in, by the time of the ingest pipeline.

An event that comes late by its own clock is judged when it comes. Each run reads an hour more than its
interval, so that skipped runs, a restart or a slow refresh lose nothing; what several runs see is one alert,
since the query gives `_id` (page "ES|QL rules", Alert deduplication). Kibana runs a rule at its interval,
counted from when it was switched on: it cannot be put at a minute of the hour.
"""

from collections.abc import Iterator

from mcpsoar.core.content import RuleText, Text
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import naming, prose
from mcpsoar.siems.in_elastic.line import Asked, Told, line
from mcpsoar.targets import esql
from mcpsoar.targets.es import paths

EVERY_MINUTES = 5
LOOK_BACK_MINUTES = 60  # Kibana makes up no run that it missed
_SHOWN = ("server_name", "tool_name", "actor_id", "decision", "event_id")
_SHOWN_OF_SEVERAL = ("subject", paths.EVENT_ID)


def lines(content: Content) -> Iterator[dict[str, object]]:
    """Every rule, by id. Raises Unsupported."""
    target = esql.Elastic(content.columns, index=naming.source(content))
    for rule in content.rules:
        every = content.tuning.rule(rule.id).every_minutes or EVERY_MINUTES
        asked = Asked(target.convert(rule), every, every + LOOK_BACK_MINUTES, paths.RECEIVED)
        yield line(told(rule, content), asked, content.columns)


def told(text: Text, content: Content) -> Told:
    """What a rule or a detection tells, with the user's settings."""
    said, tuning = prose.heading(text), content.tuning.rule(text.id)
    kind = "Rule" if isinstance(text, RuleText) else "Detection"
    shown = [paths.of(name) for name in _SHOWN] if isinstance(text, RuleText) else _SHOWN_OF_SEVERAL
    return Told(
        uuid=text.uuid,
        name=text.title,
        description=prose.described(text, said),
        level=tuning.level or text.level,
        note=prose.triage(text, said),
        setup=prose.setup(text.needs),
        owner=tuning.owner,
        is_enabled=bool(tuning.enabled),
        tags=(f"Risk: {text.risk}", f"{kind}: {text.id}", *text.tags),
        false_alarms=text.false_alarms,
        references=said.get("references", ()),
        needs=text.needs,
        shown=naming.by_tenant(content.options, *shown),
        lists=[naming.LIST, *([naming.own_list(text.id)] if tuning.allow else [])],
    )
