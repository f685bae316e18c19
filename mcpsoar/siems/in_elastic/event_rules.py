"""Sigma rules as detection rules: each looks at events as they come in, by the time of the ingest pipeline.

An event that comes late by its own clock is judged when it comes. Each run reads an hour more than its
interval, so that skipped runs, a restart or a slow refresh lose nothing; what several runs see is one alert,
since the query gives `_id` (page "ES|QL rules", Alert deduplication). Kibana runs a rule at its interval,
counted from when it was switched on: it cannot be put at a minute of the hour.
"""

from collections.abc import Iterator

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import Unsupported
from mcpsoar.pack.overlay import RuleTuning
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import naming, prose
from mcpsoar.siems.in_elastic.line import Asked, Told, line
from mcpsoar.targets import esql
from mcpsoar.targets.es import paths

EVERY_MINUTES = 5
_LOOK_BACK_MINUTES = 60  # Kibana makes up no run that it missed
UNTUNED = RuleTuning()


def lines(content: Content) -> Iterator[dict[str, object]]:
    """Every rule that ES|QL can say, by id."""
    target = esql.Elastic(content.columns, index=naming.source(content.options))
    for rule in content.rules:
        try:
            query = target.convert(rule)
        except Unsupported:
            continue
        yield _line(rule, query, content)


def left_out(content: Content) -> Iterator[tuple[str, str]]:
    """Rules and detections that this pack does not hold, and why."""
    target = esql.Elastic(content.columns, index=naming.source(content.options))
    for rule in content.rules:
        try:
            target.convert(rule)
        except Unsupported as why:
            yield rule.id, why.message
    for one in content.detections:
        yield one.text.id, "looks at several events: `mcpsoar rules scan` asks it"


def _line(rule: RuleText, query: str, content: Content) -> dict[str, object]:
    said, tuning = prose.heading(rule), content.tuning.rules.get(rule.id, UNTUNED)
    every = tuning.every_minutes or EVERY_MINUTES
    told = Told(
        uuid=rule.uuid,
        name=rule.title,
        description=prose.described(rule, said),
        level=tuning.level or rule.level,
        note=prose.triage(rule, said),
        setup=prose.setup(rule.needs),
        owner=tuning.owner,
        is_enabled=bool(tuning.enabled),
        tags=(f"Risk: {rule.risk}", f"Rule: {rule.id}", *rule.tags),
        false_alarms=rule.false_alarms,
        references=said.get("references", ()),
        needs=rule.needs,
        lists=[naming.LIST, *([naming.own_list(rule.id)] if tuning.allow else [])],
    )
    return line(told, Asked(query, every, every + _LOOK_BACK_MINUTES, paths.RECEIVED), content.columns)
