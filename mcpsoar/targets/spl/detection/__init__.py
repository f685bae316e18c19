"""A detection as SPL, to be run over its lookback: one search that gives the rows of its statement.

Of events with one identity (event_id and the millisecond) the first received counts; one without an id is its
own. Everything is one pipeline: nothing is joined by a subsearch, which would drop rows in silence. Where a
command stops at a limit of memory a row says `truncated`, and what else is there may be wrong.
"""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from mcpsoar.core.content import DetectionText
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.spl import fields, identity
from mcpsoar.targets.spl.backend import EVENTS
from mcpsoar.targets.spl.detection import distinct
from mcpsoar.targets.spl.detection.commands import LOST, ROW, Commands
from mcpsoar.targets.spl.detection.query import Query
from mcpsoar.targets.spl.detection.relation import Field, Relation
from mcpsoar.targets.spl.held import Held
from mcpsoar.targets.spl.identity import EVENT_MS, TENANT
from mcpsoar.targets.spl.text import field

TABLE = "mcp_audit"
SHOWN = ("_time", "event_ms", "event_key", "subject", "truncated")


def search(
    text: DetectionText, tree: exp.Query, columns: Sequence[Column], *, since: str = "", tenant: str = ""
) -> str:
    """One row a match: event_ms, event_key, subject, and whether results were lost (`truncated`).

    `since` is an expression of a time: only matches are given whose completing event was received from then
    on. With the field of a `tenant` each is asked for by itself, `-` where an event has none. Raises
    Unsupported, with the detection's name.
    """
    try:
        return _search(tree, columns, since, tenant)
    except Unsupported as error:
        said = f"detection {text.id} has no search of splunk: {error.message}"
        again = f"mcpsoar rules convert sql {text.id}"
        raise Unsupported(said, where=str(text.path), next_command=again) from None


def _search(tree: exp.Query, columns: Sequence[Column], since: str, tenant: str) -> str:
    held = fields.normalised(columns)
    own = {one.name for one in tree.find_all(exp.Column)} & set(held)
    given = {name: Field(held[name], is_column=held[name].kind is Kind.TEXT) for name in own}
    given["event_ms"] = Field(Held(Kind.INTEGER, "event_ms"))
    given["event_key"] = Field(Held(Kind.TEXT, "event_key"))
    read = sorted({field(name) for name in (*own, "event_id", *([tenant] if tenant else []))})
    always = [TENANT] if tenant else []
    named = [*held, *read, *given, *SHOWN, "one", "place", TENANT]
    commands = Commands(list(_begun(read, tenant)), named, always)
    events = Relation("one", given, frozenset({frozenset({"event_ms", "event_key"})}))
    found = Query(commands, {TABLE: events}).whole(distinct.rewritten(tree))
    _shown(commands, found, since)
    return commands.text()


def _begun(read: Sequence[str], tenant: str) -> Iterator[str]:
    """Nothing but what is read: so no field of an event passes for one of the search."""
    yield EVENTS
    yield f"fields {', '.join(('_time', '_indextime', *read))}"
    yield f"eval {', '.join([EVENT_MS, 'one=1', *identity.tenant(tenant)])}"
    yield "sort 0 _indextime"
    yield f"dedup {f'{TENANT} ' if tenant else ''}event_id event_ms keepempty=true"
    yield "accum one AS place"
    yield f'eval event_key=if(isnull(event_id), "-".place, "=".event_id), {LOST}=0'
    yield "sort 0 num(event_ms), str(event_key)"
    yield f"accum one AS {ROW}"


def _shown(commands: Commands, found: Relation, since: str) -> None:
    """Each match once, and one row for all that was lost."""
    at, key, subject = (found.fields[name].held.text for name in ("event_ms", "event_key", "subject"))
    match = f"{found.member}=1"
    if since:
        elsewhere = "" if key == "event_key" else f"{key}!=event_key OR "
        commands.say(f"where ({match} AND ({elsewhere}_indextime>={since})) OR {LOST}=1")
    else:
        commands.keep(found.member)
    commands.put_again("event_ms", f"if({match}, {at}, null())")
    commands.put_again("subject", f"if({match}, {subject}, null())")
    commands.put_again("event_key", f"if({match}, {key}, null())")
    named = 'if(isnull(subject), "-", "=".subject)'
    once = commands.put("once", f'if({match}, event_ms.":".len(event_key).":".event_key.{named}, "-")')
    commands.say(f"dedup {' '.join((*commands.always, once))}")
    shown = 'if(like(event_key, "=%"), substr(event_key, 2), " ".substr(event_key, 2))'
    commands.put_again("event_key", f"if(isnull(event_key), null(), {shown})")
    commands.put_again("truncated", f'if({LOST}=1, "true", "false")')
    commands.say(f"table {' '.join((*commands.always, *SHOWN))}")
