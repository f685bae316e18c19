"""SQL detections as detection rules: a run asks for the matches whose last event came in since the last run.

A query reads its lookback by the events' own time, and counts, so that Kibana takes no two of its matches for
one. So a match is alerted of by when the event that completes it came in. With a licence for it a run looks
back an hour more, and suppression makes one alert of what several runs see; without, it looks back a minute
more: what comes in just then has two alerts, and a run that was skipped loses what came in meanwhile.
"""

from collections.abc import Iterator
from dataclasses import replace

from mcpsoar.core.content import Text
from mcpsoar.core.event import MINUTE_MS
from mcpsoar.detect.detection import Detection
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import event_rules, naming
from mcpsoar.siems.in_elastic.asks import TIER
from mcpsoar.siems.in_elastic.line import Asked, line
from mcpsoar.targets.es import detection, paths

SLACK_MINUTES = 2  # a rule asks some seconds after its turn
_OVERLAP_MINUTES = 1
_DAY, _MONTH = 24 * 60, 28 * 24 * 60


def lines(content: Content) -> Iterator[dict[str, object]]:
    """Every detection, by id. Raises Unsupported."""
    for one in content.detections:
        yield _line(one, content)


def texts(content: Content) -> tuple[Text, ...]:
    """The rules and the detections of a pack."""
    return (*content.rules, *(one.text for one in content.detections))


def every_minutes(lookback_minutes: int) -> int:
    """A day of events is not read every five minutes, nor a month every hour."""
    if lookback_minutes < _DAY:
        return event_rules.EVERY_MINUTES
    return 15 if lookback_minutes < _MONTH else 60


def _line(one: Detection, content: Content) -> dict[str, object]:
    rests_on = -(-detection.lookback_ms(one.tree) // MINUTE_MS)
    tuned = content.tuning.rule(one.text.id).every_minutes
    every = tuned or every_minutes(rests_on)
    is_licensed = content.options.of(TIER) != "basic"
    since = every + (event_rules.LOOK_BACK_MINUTES if is_licensed else _OVERLAP_MINUTES)
    # what came in since then may be late, and rests on what happened before it
    lookback = rests_on + every + event_rules.LOOK_BACK_MINUTES
    asked = detection.Asked(
        only_since=since,
        lookback_ms=lookback * MINUTE_MS,
        index=naming.source(content),
        tenant=content.options.tenant,
    )
    query = detection.query(one.text, one.tree, content.columns, asked)
    made = Asked(query, every, lookback + SLACK_MINUTES)
    if is_licensed:
        keys = naming.by_tenant(content.options, paths.EVENT_ID, "subject")
        made = replace(made, suppressed_by=keys, suppressed_minutes=since + every)
    return line(event_rules.told(one.text, content), made, content.columns)
