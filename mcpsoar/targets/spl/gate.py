"""A gate as SPL, to be run every minute: the contract's section 5 in one search that gives one row.

The window is whole minutes of event time, half open, and ends `lag_minutes` before the minute of the search.
Of events with one identity (event_id and the millisecond) the first received counts; one without an id is its
own. State and counts come from the last stats alone; eventstats, which may stop at its memory limit, tells
groups apart. Times are seconds since 1970: text of a time would be in the zone of whoever searches.

Whoever schedules it gives it a range of time that holds the window; alone it would look at everything.
"""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from mcpsoar.core.content import Counts, GateText, Threshold
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import MINUTE_MS, Column, Kind
from mcpsoar.targets.gate import Gate, asks_list
from mcpsoar.targets.spl import expression, fields
from mcpsoar.targets.spl.backend import EVENTS
from mcpsoar.targets.spl.held import Held
from mcpsoar.targets.spl.text import NO, Said, both, either, literal

LOOKUP = "mcp_approved_servers"  # rows of server_name
_ON_LIST = "on_approved_list"
_LAST_MS = 9_999_999_999_999  # less a time it has 13 digits, and the newest comes first
_EVIDENCE = 20
_SHOWN = (
    *("gate", "state", "numerator", "denominator", "warned", "events", "judged"),
    *("evidence", "groups", "window_from", "window_to"),
)


def search(
    gate: Gate,
    columns: Sequence[Column],
    *,
    lag_minutes: int = 1,
    approved: bool = False,
    only_pages: bool = False,
) -> str:
    """One row: state, counts, evidence (ids), groups (state, counts and subject in one text), the window.

    `approved`: the lookup tells who is on the list; without it every name is. `only_pages` gives no row
    unless the gate pages. Raises Unsupported, with the gate's name.
    """
    try:
        commands = _commands(gate, columns, lag_minutes, approved=approved)
    except Unsupported as error:
        raise Unsupported(f"gate {gate.text.id}: {error.message}", where=str(gate.text.path)) from None
    if only_pages:
        commands.append('where state="page"')
    return "\n| ".join(commands)


def _commands(gate: Gate, columns: Sequence[Column], lag: int, *, approved: bool) -> list[str]:
    window = gate.text.window_ms // MINUTE_MS
    start, end = _ago(lag + window), _ago(lag)
    return [
        EVENTS,
        f"where _time>={start} AND _time<{end}",
        "eval event_ms=floor(exact(round(exact(_time*1000000))/1000))",
        "sort 0 _indextime",
        "dedup event_id event_ms keepempty=true",
        *(_looked_up() if approved else ()),
        f"eval {', '.join(_flags(gate, columns, approved=approved))}",
        "eventstats sum(hit) AS own_hits, sum(warned) AS own_warned, sum(judged) AS own_judged BY subject",
        f"eval {', '.join(_groups(gate.text))}",
        f"stats {', '.join(_sums(gate.text))}",
        f"eval {', '.join(_answers(gate.text, start, end))}",
        "eval evidence=mvmap(evidence, substr(evidence, 15))",
        f"table {' '.join(one for one in _SHOWN if one != 'denominator' or _is_ratio(gate.text))}",
    ]


def _ago(minutes: int) -> str:
    return f'relative_time(now(), "{f"-{minutes}m" if minutes else ""}@m")'


def _looked_up() -> Iterator[str]:
    """What an event itself calls listed_server goes first: a lookup that finds nothing may leave it."""
    yield "eval listed_server=null()"
    yield f"lookup {LOOKUP} server_name OUTPUT server_name AS listed_server"
    told = 'isnotnull(listed_server), "true", isnotnull(server_name), "false"'
    yield f"eval {_ON_LIST}=case({told})"


def _flags(gate: Gate, columns: Sequence[Column], *, approved: bool) -> Iterator[str]:
    """1 or 0 each. A row that is not judged neither hits nor warns; `-` is no subject, `=x` is x."""
    held = fields.normalised(columns) | {
        "event_ms": Held(Kind.INTEGER, "event_ms"),
        "event_key": Held(Kind.TEXT, "event_id"),
    }
    if approved:
        held[_ON_LIST] = Held(Kind.BOOL, _ON_LIST)
    judged, hit, warned = (
        expression.condition(tree.transform(_by_lookup, approved), held) if tree is not None else NO
        for tree in (gate.judged, gate.hit, gate.warned)
    )
    is_judged = Said("judged=1")
    yield f"judged=if({judged.text}, 1, 0)"
    yield f"hit=if({both(is_judged, hit).text}, 1, 0)"
    yield f"warned=if({both(is_judged, warned).text}, 1, 0)"
    subject = expression.value(gate.subject, held)
    yield f'subject=if(isnull({subject}), "-", "=".{subject})'
    yield f'key=({_LAST_MS}-event_ms).":".event_id'


def _by_lookup(node: exp.Expr, approved: bool) -> exp.Expr:  # noqa: FBT001 (transform's own call)
    if not asks_list(node):
        return node
    if not approved:
        return exp.true()
    if not isinstance(node.this, exp.Column) or node.this.name != "server_name":
        raise Unsupported("only server_name is looked up in the approved list")
    return exp.column(_ON_LIST)


def _groups(text: GateText) -> Iterator[str]:
    """The reading of an event's subject, in every event that makes it worth showing."""
    if text.counts is Counts.SUBJECTS:
        for one in ("own_hits", "own_warned"):
            yield f'{one}=if({one}>0 AND subject!="-", 1, 0)'
    yield f"own_state={_state(text, 'own_hits', 'own_judged', 'own_warned')}"
    count = 'own_hits."/".own_judged' if _is_ratio(text) else "own_hits"
    name = 'if(subject="-", "", substr(subject, 2))'
    shown = f'own_state." ".{count}." ".{name}'
    yield f"group=if(own_hits>0 OR own_warned>0, {shown}, null())"


def _sums(text: GateText) -> Iterator[str]:
    yield "count AS events"
    yield "sum(judged) AS judged"
    for flag, name in (("hit", "numerator"), ("warned", "warned")):
        if text.counts is Counts.SUBJECTS:
            yield f'dc(eval(if({flag}=1 AND subject!="-", subject, null()))) AS {name}'
        else:
            yield f"sum({flag}) AS {name}"
    yield "values(eval(if(hit=1, key, null()))) AS hit_keys"
    yield "values(eval(if(warned=1, key, null()))) AS warned_keys"
    yield "values(group) AS groups"


def _answers(text: GateText, start: str, end: str) -> Iterator[str]:
    yield f"gate={literal(text.id)}"
    for name in ("numerator", "judged", "warned"):
        yield f"{name}=coalesce({name}, 0)"
    if _is_ratio(text):
        yield "denominator=judged"
    yield f'state=if(judged=0, "no_data", {_state(text, "numerator", "judged", "warned")})'
    yield "evidence=if(numerator>0, hit_keys, warned_keys)"
    newest = f"mvindex(evidence, 0, min({_EVIDENCE}, mvcount(evidence))-1)"
    yield f"evidence=if(isnull(evidence), null(), {newest})"
    yield f"window_from={start}"
    yield f"window_to={end}"


def _state(text: GateText, numerator: str, denominator: str, warned: str) -> str:
    """page, warn or ok; integers are multiplied, nothing is divided."""
    enough = [Said(f"{numerator}>={text.min_numerator}")] if text.min_numerator else []
    if _is_ratio(text) and text.min_denominator:
        enough.append(Said(f"{denominator}>={text.min_denominator}"))
    page = both(*enough, _passes(text.page, numerator, denominator))
    warn = Said(f"{warned}>0")
    if text.warn is not None:
        warn = either(warn, _passes(text.warn, numerator, denominator))
    return f'case({page.text}, "page", {warn.text}, "warn", true(), "ok")'


def _passes(threshold: Threshold, numerator: str, denominator: str) -> Said:
    if threshold.ratio is None:
        return Said(f"{numerator}>0")
    sign = ">=" if threshold.inclusive else ">"
    over, under = threshold.ratio.over, threshold.ratio.under
    return both(Said(f"{denominator}>0"), Said(f"{numerator}*{under}{sign}{denominator}*{over}"))


def _is_ratio(text: GateText) -> bool:
    return text.page.ratio is not None
