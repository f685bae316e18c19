"""Detections as scheduled searches of Splunk: each run looks back as far as a match may rest on.

A run gives the matches whose completing event was indexed since the one before, whatever its own time; what
was indexed in the last minute is asked for once more, and throttled if it was found. With a field of tenants
each tenant is asked for by itself.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from mcpsoar.core.content import DetectionText
from mcpsoar.core.errors import Usage
from mcpsoar.core.event import MINUTE_MS, Column, Kind
from mcpsoar.detect.detection import Detection
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_splunk import alert, keys, schedule
from mcpsoar.siems.in_splunk.conf import Stanza
from mcpsoar.siems.in_splunk.rules import described, filter_macro
from mcpsoar.targets.detection.lookback import lookback_ms
from mcpsoar.targets.spl.allow import Entry, quiet

_SUBJECT = Column("subject", Kind.TEXT, "")
_COLUMNS = {
    "server": "server_name",
    "conversation": "conversation_id",
    "client": "client_id",
    "actor": "actor_id",
    "token": "token_jti",
    "tool": "tool_name",
}
_RISKY = {"server": "other", "client": "other", "actor": "user"}
_HOUR, _DAY = 60, 1440


def name(id_: str) -> str:
    """The saved search of a detection."""
    return f"MCP detection {id_}"


def searches(content: Content, said: Mapping[str, str]) -> Iterator[tuple[str, Stanza]]:
    """Those that SPL can say, by name; `said` is how."""
    for one in content.detections:
        if one.text.id in said:
            yield name(one.text.id), _search(one, said[one.text.id], content)


def macros(content: Content) -> Iterator[tuple[str, Stanza]]:
    """A filter each. Raises Usage for an entry that is not about the subject."""
    for one in content.detections:
        entries = tuple(_entries(one.text, content))
        yield filter_macro(one.text.id), {"definition": quiet(entries, (_SUBJECT,))}


def left_out(content: Content, said: Collection[str]) -> Iterator[tuple[str, str]]:
    """Those that it cannot, and why."""
    for one in content.detections:
        if one.text.id not in said:
            yield one.text.id, "has no search of Splunk; `mcpsoar rules scan` asks it of logs"


def every_minutes(one: Detection, content: Content) -> int:
    """The further it looks back the less often it runs, unless the overlay says how often."""
    lookback = lookback_ms(one.tree) // MINUTE_MS
    own = schedule.EVERY if lookback <= _HOUR else 15 if lookback <= _DAY else _HOUR
    return content.tuning.rule(one.text.id).every_minutes or own


def _search(one: Detection, query: str, content: Content) -> Stanza:
    text, tuning = one.text, content.tuning.rule(one.text.id)
    every = every_minutes(one, content)
    told = alert.Alert(
        label=text.title,
        title=f"{text.title}: {text.subject} $by_subject$",
        description=described(text, tuning.owner),
        level=tuning.level or text.level,
        by=[*(["tenant"] if content.options.tenant else []), "by_subject", "truncated"],
        period=f"{max(_HOUR, 2 * every)}m",
        risky=[("subject", _RISKY[text.subject])] if text.subject in _RISKY else [],
        tags=text.tags,
    )
    return {
        "description": described(text, tuning.owner),
        "search": f"{query}\n| `{filter_macro(text.id)}`\n| eval by_subject={keys.named('subject')}",
        "disabled": "0" if tuning.enabled else "1",
        **schedule.looking_back(name(text.id), every, lookback_ms(one.tree) // MINUTE_MS),
        **alert.settings(told),
    }


def _entries(text: DetectionText, content: Content) -> Iterator[Entry]:
    column = _COLUMNS[text.subject]
    for entry in content.tuning.rule(text.id).allow:
        if [key for key, _ in entry] != [column]:
            said = f"{text.id} tells of a {text.subject}: in Splunk it allows {column} and nothing else"
            raise Usage(f"{said}, not {_named(entry)}")
        yield [(_SUBJECT.name, entry[0][1])]


def _named(entry: Sequence[tuple[str, str]]) -> str:
    return ", ".join(key for key, _ in entry)
