"""SQL detections as detection rules: a run asks for the matches whose last event came in since the last run.

A query reads its lookback by the events' own time, and counts, so that Kibana takes no two of its matches for
one. So a match is alerted of by when the event that completes it came in. With a licence for it a run looks
back an hour more, and suppression makes one alert of what several runs see; without, it looks back a minute
more: what comes in just then has two alerts, and a run that was skipped loses what came in meanwhile.
"""

from collections.abc import Iterator
from dataclasses import replace

from mcpsoar.core.content import Text
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import MINUTE_MS
from mcpsoar.detect.detection import Detection
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import event_rules, naming
from mcpsoar.siems.in_elastic.line import Asked, line
from mcpsoar.targets.es import detection, paths

SLACK_MINUTES = 2  # a rule asks some seconds after its turn
_OVERLAP_MINUTES = 1
_DAY, _MONTH = 24 * 60, 28 * 24 * 60
_TENANTS = "puts events of several tenants together, so that it is not in a pack with a tenant field"


def lines(content: Content) -> Iterator[dict[str, object]]:
    """Every detection that ES|QL can say, by id."""
    for one, why in _asked(content):
        if not why:
            yield _line(one, content)


def texts(content: Content) -> tuple[Text, ...]:
    """The rules, and the detections that this pack holds."""
    return (*content.rules, *(one.text for one, why in _asked(content) if not why))


def left_out(content: Content) -> Iterator[tuple[str, str]]:
    """Detections that this pack does not hold, and why."""
    for one, why in _asked(content):
        if why:
            yield one.text.id, why


def every_minutes(lookback_minutes: int) -> int:
    """A day of events is not read every five minutes, nor a month every hour."""
    if lookback_minutes < _DAY:
        return event_rules.EVERY_MINUTES
    return 15 if lookback_minutes < _MONTH else 60


def _asked(content: Content) -> Iterator[tuple[Detection, str]]:
    """Each with the reason why it cannot be asked, or none."""
    for one in content.detections:
        if content.options.tenant:
            yield one, _TENANTS
            continue
        try:
            detection.query(one.text, one.tree, content.columns)
            yield one, ""
        except Unsupported as why:
            yield one, why.message


def _line(one: Detection, content: Content) -> dict[str, object]:
    rests_on = -(-detection.lookback_ms(one.tree) // MINUTE_MS)
    tuned = content.tuning.rule(one.text.id).every_minutes
    every = tuned or every_minutes(rests_on)
    is_licensed = content.options.tier != "basic"
    since = every + (event_rules.LOOK_BACK_MINUTES if is_licensed else _OVERLAP_MINUTES)
    # what came in since then may be late, and rests on what happened before it
    lookback = rests_on + every + event_rules.LOOK_BACK_MINUTES
    asked = detection.Asked(only_since=since, lookback_ms=lookback * MINUTE_MS, index=naming.source(content))
    query = detection.query(one.text, one.tree, content.columns, asked)
    made = Asked(query, every, lookback + SLACK_MINUTES)
    if is_licensed:
        keys = (paths.EVENT_ID, "subject")
        made = replace(made, suppressed_by=keys, suppressed_minutes=since + every)
    return line(event_rules.told(one.text, content), made, content.columns)
