"""A gate as SPL, to be run every minute: the contract's section 5 in one search that gives one row.

The window is whole minutes of event time, half open, and ends `lag_minutes` before the minute of the search.
Of events with one identity (event_id and the millisecond) the first received counts, and of those indexed in
one second the hit; one without an id is its own. A few fields of each are sorted and held in memory, not the
event. State and counts come from the last stats alone; eventstats, which may stop at its memory limit, tells
groups apart. Times are seconds since 1970: text of a time would be in the zone of whoever searches.

Whoever schedules it gives it a range of time that holds the window; alone it would look at everything.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.content import Counts, GateText
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import MINUTE_MS, Column, Kind
from mcpsoar.targets.gate import Gate, asks_list
from mcpsoar.targets.spl import expression, fields, identity, tuned
from mcpsoar.targets.spl.backend import EVENTS
from mcpsoar.targets.spl.held import Held
from mcpsoar.targets.spl.identity import EVENT_MS, TENANT
from mcpsoar.targets.spl.text import NO, Said, both, literal
from mcpsoar.targets.spl.tuned import ON_LIST

_LAST_MS = 9_999_999_999_999  # less a time it has 13 digits, and the newest comes first
_EVIDENCE = 20
_FLAGS = ("judged", "hit", "warned", "subject", "key")
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
    window = gate.text.window_ms // MINUTE_MS
    ends = _ago(lag_minutes + window), _ago(lag_minutes)
    asked = _Asked(ends, tuned.state, tuple(tuned.looked_up()) if approved else (), is_listed=approved)
    return _said(gate, columns, asked, only_pages=only_pages)


def tunable(gate: Gate, columns: Sequence[Column], *, tenant: str = "", only_pages: bool = False) -> str:
    """The same for a pack: what a user tunes is in the macros of `tuned`, and nothing of it here.

    With the field of a `tenant` there is a row a tenant, `-` where an event has none, and every group is one
    tenant's. A page is then of one subject, in `subject`, where the gate counts; of a ratio it is of all.
    """
    asked = _Asked(
        tuned.ends(gate.text), tuned.asked_state, tuple(tuned.commands(gate)), is_listed=True, tenant=tenant
    )
    query = _said(gate, columns, asked, only_pages=only_pages)
    return "\n| ".join([query, *(_by_subject(gate.text) if only_pages else ())])


def late(gate: Gate, columns: Sequence[Column], *, tenant: str = "") -> str:
    """The hits that came when no tick looked at their minute any more, a row each: gate, subject, event_id.

    For a gate that counts, where one hit is a page. A copy of an event that comes so late is a row, too.
    Raises Unsupported, with the gate's name.
    """
    text = gate.text
    if _is_ratio(text):
        raise Unsupported(f"gate {text.id}: a ratio has no single event to page for", where=str(text.path))
    try:
        flags = ", ".join(_flags(gate, columns, approved=True))
    except Unsupported as error:
        raise Unsupported(f"gate {text.id}: {error.message}", where=str(text.path)) from None
    told = [f"gate={literal(text.id)}", 'state="page"']
    told += identity.tenant(tenant)
    named = ["hit=1", 'subject!="-"'] if text.counts is Counts.SUBJECTS else ["hit=1"]
    shown = [*([TENANT] if tenant else []), "gate", "state", "subject", "_time", "event_id"]
    commands = [
        EVENTS,
        f"where {tuned.is_late(text)}",
        f"eval {EVENT_MS}",
        *tuned.commands(gate),
        f"eval {flags}",
        f"where {' AND '.join(named)}",
        f"eval {', '.join(told)}",
        'eval subject=if(subject="-", "-", substr(subject, 2))',
        f"table {' '.join(shown)}",
    ]
    return "\n| ".join(commands)


@dataclass(frozen=True, slots=True)
class _Asked:
    """`ends` of the window, `state` of three counts, `commands` that look an event up in lists."""

    ends: tuple[str, str]
    state: Callable[[GateText, str, str, str], str]
    commands: tuple[str, ...]
    is_listed: bool = False
    tenant: str = ""

    @property
    def by(self) -> str:
        """The field that comes first in every key."""
        return f"{TENANT} " if self.tenant else ""


def _said(gate: Gate, columns: Sequence[Column], asked: _Asked, *, only_pages: bool) -> str:
    try:
        commands = list(_commands(gate, columns, asked))
    except Unsupported as error:
        raise Unsupported(f"gate {gate.text.id}: {error.message}", where=str(gate.text.path)) from None
    if only_pages:
        commands.append('where state="page"')
    return "\n| ".join(commands)


def _commands(gate: Gate, columns: Sequence[Column], asked: _Asked) -> Iterator[str]:
    text, (start, end) = gate.text, asked.ends
    shown = [one for one in _SHOWN if one != "denominator" or _is_ratio(text)]
    yield EVENTS
    yield f"where _time>={start} AND _time<{end}"
    yield from (f"eval {one}" for one in (EVENT_MS, *identity.tenant(asked.tenant)))
    yield from asked.commands
    yield f"eval {', '.join(_flags(gate, columns, approved=asked.is_listed))}"
    yield f"fields {asked.by}_indextime event_id event_ms {' '.join(_FLAGS)}"
    yield "fields - _raw"
    yield "sort 0 _indextime, -hit, -judged"
    yield f"dedup {asked.by}event_id event_ms keepempty=true"
    own = "sum(hit) AS own_hits, sum(warned) AS own_warned, sum(judged) AS own_judged"
    yield f"eventstats {own} BY {asked.by}subject"
    yield f"eval {', '.join(_groups(text, asked))}"
    yield f"stats {', '.join(_sums(text))}{f' BY {TENANT}' if asked.tenant else ''}"
    yield f"eval {', '.join(_answers(text, asked))}"
    yield "eval evidence=mvmap(evidence, substr(evidence, 15))"
    yield f"table {asked.by}{' '.join(shown)}"


def _by_subject(text: GateText) -> Iterator[str]:
    """Or who pages next would be throttled with who pages now. A page whose groups were lost names nobody.

    Whoever counts is named: under a floor a group need not page by itself.
    """
    if not _is_ratio(text):
        told = "^[a-z]+ [0-9]+ "
        yield 'eval groups=coalesce(mvfilter(match(groups, "^[a-z]+ [1-9]")), "page ".numerator." ")'
        yield "mvexpand groups"
        yield f'eval subject=if(match(groups, "{told}$"), "-", replace(groups, "{told}", ""))'


def _ago(minutes: int) -> str:
    return f'relative_time(now(), "{f"-{minutes}m" if minutes else ""}@m")'


def _flags(gate: Gate, columns: Sequence[Column], *, approved: bool) -> Iterator[str]:
    """1 or 0 each. A row that is not judged neither hits nor warns; `-` is no subject, `=x` is x."""
    held = fields.normalised(columns) | {
        "event_ms": Held(Kind.INTEGER, "event_ms"),
        "event_key": Held(Kind.TEXT, "event_id"),
    }
    if approved:
        held[ON_LIST] = Held(Kind.BOOL, ON_LIST)
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
    return exp.column(ON_LIST)


def _groups(text: GateText, asked: _Asked) -> Iterator[str]:
    """The reading of an event's subject, in every event that makes it worth showing."""
    if text.counts is Counts.SUBJECTS:
        for one in ("own_hits", "own_warned"):
            yield f'{one}=if({one}>0 AND subject!="-", 1, 0)'
    yield f"own_state={asked.state(text, 'own_hits', 'own_judged', 'own_warned')}"
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


def _answers(text: GateText, asked: _Asked) -> Iterator[str]:
    yield f"gate={literal(text.id)}"
    for name in ("numerator", "judged", "warned"):
        yield f"{name}=coalesce({name}, 0)"
    if _is_ratio(text):
        yield "denominator=judged"
    yield f'state=if(judged=0, "no_data", {asked.state(text, "numerator", "judged", "warned")})'
    yield "evidence=if(numerator>0, hit_keys, warned_keys)"
    newest = f"mvindex(evidence, 0, min({_EVIDENCE}, mvcount(evidence))-1)"
    yield f"evidence=if(isnull(evidence), null(), {newest})"
    yield f"window_from={asked.ends[0]}"
    yield f"window_to={asked.ends[1]}"


def _is_ratio(text: GateText) -> bool:
    return text.page.ratio is not None
