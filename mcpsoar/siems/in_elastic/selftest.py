"""A case as one ES|QL query: its events inline, and what the pack asks of them.

Nothing is read from an index: lists stand there as they are shipped, or as the case has them, and the time
that a gate is asked at is the case's own.
"""

from collections.abc import Callable, Iterator, Sequence

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import LAST_TICK_MS
from mcpsoar.detect.detection import Detection
from mcpsoar.siems.asked import Content
from mcpsoar.siems.checks import ABSENT, COLUMNS, NOTHING, RIGHT, WRONG, Check, check
from mcpsoar.siems.checks.cases import Asked, DetectionCase, GateCase, RuleCase, normal
from mcpsoar.siems.in_elastic import inline
from mcpsoar.siems.in_elastic.inline import assigned
from mcpsoar.targets import esql
from mcpsoar.targets.es import alert, detection, gate, paths
from mcpsoar.targets.es.text import quoted

_EVERY = detection.Asked(start_ms=0, end_ms=LAST_TICK_MS, since_ms=0)
_NULLS = {"long": "CASE(false, 0)", "boolean": "CASE(false, false)"}


def checks(cases: Sequence[Asked], content: Content) -> Iterator[Check]:
    """One a case; what ES|QL cannot say is told with its reason."""
    say, columns = _Said(content), content.columns
    wanted = frozenset[str]().union(*(asked.reads for asked in cases))
    events = normal([asked.case for asked in cases], columns, wanted)
    for asked, own in zip(cases, events, strict=True):
        reads = [column for column in columns if column.name in asked.reads]
        try:
            commands = [*inline.commands(own, reads), *say.commands(asked), *_told(asked)]
        except Unsupported as error:
            yield Check(asked.name, "", asked.expected, error.message)
        else:
            yield check(asked.name, "\n| ".join(commands), asked.expected)


class _Said:
    """What follows the events, up to what was found; the text of a rule or a detection is made once."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._target, self._made = esql.make(content.columns), dict[str, str]()

    def commands(self, asked: Asked) -> Iterator[str]:
        """Raises Unsupported."""
        match asked:
            case RuleCase():
                yield _after_from(self._once(asked.id, lambda: self._target.convert(asked.rule)))
                yield "STATS found = VALUES(place)"
                joined = f"MV_CONCAT(MV_SORT(found), {quoted(',')})"
                yield f"EVAL found = COALESCE({joined}, {quoted(NOTHING)})"
            case GateCase():
                yield _after_from(self._gate(asked))
                is_ratio = asked.gate.text.page.ratio is not None
                ratio = ', "/", TO_STRING(denominator)' if is_ratio else ""
                counts = f'TO_STRING(numerator){ratio}, " warned ", TO_STRING(warned)'
                yield f'EVAL found = CONCAT(state, " ", {counts})'
            case DetectionCase():
                yield _after_from(self._once(asked.id, lambda: self._detection(asked.detection)))
                lost = 'CASE(truncated, "truncated ", "")'
                key, subject = (f'COALESCE({name}, "{ABSENT}")' for name in (paths.EVENT_ID, "subject"))
                yield f'EVAL match = CONCAT({lost}, {key}, " ", {subject})'
                yield "STATS matches = COUNT(*), found = VALUES(match)"
                said = f'CONCAT(TO_STRING(matches), ": ", MV_CONCAT(MV_SORT(found), {quoted(", ")}))'
                yield f"EVAL found = CASE(matches == 0, {quoted(NOTHING)}, {said})"

    def _once(self, id_: str, make: Callable[[], str]) -> str:
        if id_ not in self._made:
            self._made[id_] = make()
        return self._made[id_]

    def _detection(self, one: Detection) -> str:
        return detection.query(one.text, one.tree, self._content.columns, _EVERY)

    def _gate(self, asked: GateCase) -> str:
        """Each list as an EVAL in the place of its LOOKUP JOIN: no index is read."""
        server, tuned = paths.of("server_name"), alert.lookup_index()["mappings"]["properties"]["tuned"]
        among = ", ".join(map(quoted, asked.approved or ()))
        listed = f"CASE({f'{server} IN ({among})' if among else 'false'}, true)"
        nulls = {f"tuned.{name}": _NULLS[kind["type"]] for name, kind in tuned["properties"].items()}
        query = alert.state(
            asked.gate,
            self._content.columns,
            gate.Asked(as_of_ms=asked.at_ms, approved=asked.approved is not None),
        )
        for join, values in (
            (f"LOOKUP JOIN {gate.LOOKUP} ON {server}", {paths.of("on_approved_list"): listed}),
            (f"LOOKUP JOIN {alert.LOOKUP} ON gate", nulls),
        ):
            query = query.replace(f"\n| {join}\n", f"\n| EVAL {assigned(values)}\n")
        return query


def _after_from(query: str) -> str:
    return query.partition("\n| ")[2]


def _told(asked: Asked) -> Iterator[str]:
    facts = {"case": quoted(asked.name), "expected": quoted(asked.expected)}
    verdict = f"CASE(found == expected, {quoted(RIGHT)}, {quoted(WRONG)})"
    yield f"EVAL {assigned({**facts, 'verdict': verdict})}"
    yield f"KEEP {', '.join(COLUMNS)}"
