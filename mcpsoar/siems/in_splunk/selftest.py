"""A case as one search for Splunk: its events inline, and what the pack searches for in them.

Nothing is read from an index or a list and nothing is written; macros stand there as they are shipped, and
the time that a gate is asked at is the case's own.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import MINUTE_MS
from mcpsoar.detect.detection import Detection
from mcpsoar.siems.asked import Content
from mcpsoar.siems.checks import ABSENT, COLUMNS, NOTHING, RIGHT, WRONG, Check, check
from mcpsoar.siems.checks.cases import Asked, DetectionCase, GateCase, RuleCase, normal
from mcpsoar.siems.in_splunk import app, gates, lists
from mcpsoar.siems.in_splunk.conf import Stanza
from mcpsoar.siems.in_splunk.inline import Inline, assigned
from mcpsoar.targets import splunk
from mcpsoar.targets.spl import detection, gate
from mcpsoar.targets.spl.backend import EVENTS
from mcpsoar.targets.spl.text import literal

_CALL = re.compile(r"`(\w+)(?:\(([^`()]*)\))?`")


def checks(cases: Sequence[Asked], content: Content) -> Iterator[Check]:
    """One a case; what SPL cannot say is told with its reason."""
    inline, say = Inline(content.columns), _Said(content)
    times = normal([asked.case for asked in cases], content.columns, ("event_time",))
    for asked, own in zip(cases, times, strict=True):
        try:
            commands = [*inline.commands(asked, own), *say.commands(asked), *_told(asked)]
        except Unsupported as error:
            yield Check(asked.name, "", asked.expected, error.message)
        else:
            yield check(asked.name, "| " + "\n| ".join(commands), asked.expected)


class _Said:
    """What follows the events, up to what was found; the text of a rule or a detection is made once."""

    def __init__(self, content: Content) -> None:
        self._content, self._macros = content, app.macros(content)
        self._target, self._made = splunk.make(content.columns), dict[str, str]()

    def commands(self, asked: Asked) -> Iterator[str]:
        """Raises Unsupported."""
        match asked:
            case RuleCase():
                query = self._once(asked.id, lambda: self._target.convert(asked.rule))
                yield f"search {query.removeprefix(EVENTS).strip()}"
                yield "stats count AS matches, values(place) AS found"
                yield f'eval found=coalesce(mvjoin(found, ","), "{NOTHING}")'
            case GateCase():
                yield self._gate(asked)
                ratio = '"/".denominator.' if asked.gate.text.page.ratio is not None else ""
                yield f'eval found=state." ".numerator.{ratio}" warned ".warned'
            case DetectionCase():
                yield _after_events(self._once(asked.id, lambda: self._detection(asked.detection)))
                lost = 'if(truncated="true", "truncated ", "")'
                key = f'if(like(event_key, " %"), "{ABSENT}", event_key)'
                yield f'eval match={lost}.{key}." ".coalesce(subject, "{ABSENT}")'
                yield "stats count AS matches, values(match) AS found"
                yield f'eval found=if(matches=0, "{NOTHING}", matches.": ".mvjoin(found, ", "))'

    def _once(self, id_: str, make: Callable[[], str]) -> str:
        if id_ not in self._made:
            self._made[id_] = make()
        return self._made[id_]

    def _detection(self, one: Detection) -> str:
        return detection.search(one.text, one.tree, self._content.columns, since="0")

    def _gate(self, asked: GateCase) -> str:
        own = dict(lists.macros(replace(self._content.tuning, approved=asked.approved)))
        shipped = _after_events(gate.tunable(asked.gate, self._content.columns))
        query = _expanded(shipped, {**self._macros, **own})
        return query.replace("relative_time(now(), ", f"relative_time({_asked_at(asked)}, ")


def _asked_at(asked: GateCase) -> int:
    """Seconds: the pack looks at a window some minutes after its end."""
    return (asked.at_ms + gates.LAG * MINUTE_MS) // 1000


def _after_events(query: str) -> str:
    return query.removeprefix(EVENTS).lstrip().removeprefix("| ")


def _expanded(query: str, macros: Mapping[str, Stanza]) -> str:
    def one(call: re.Match[str]) -> str:
        given = call[2].split(",") if call[2] else []
        macro = macros[f"{call[1]}({len(given)})" if given else call[1]]
        said = macro["definition"]
        for name, value in zip(macro.get("args", "").split(","), given, strict=False):
            said = said.replace(f"${name}$", value)
        return said

    return _CALL.sub(one, query)


def _told(asked: Asked) -> Iterator[str]:
    facts = {"case": literal(asked.name), "expected": literal(asked.expected)}
    verdict = {"verdict": f'if(found=expected, "{RIGHT}", "{WRONG}")'}
    yield f"eval {assigned(facts | verdict)}"
    yield f"table {' '.join(COLUMNS)}"
