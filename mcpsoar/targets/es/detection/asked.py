"""The query of a detection: the events of a while, each identity once, and the matches among them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from mcpsoar.core.content import DetectionText
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import MINUTE_MS, Column, Kind
from mcpsoar.targets.detection.lookback import EVER_MS, lookback_ms
from mcpsoar.targets.es import fields, identity, paths
from mcpsoar.targets.es.commands import assigned, moment
from mcpsoar.targets.es.detection import packed
from mcpsoar.targets.es.detection.early import read_at_all
from mcpsoar.targets.es.detection.flow import TAB, Flow
from mcpsoar.targets.es.detection.packed import Type
from mcpsoar.targets.es.detection.relation import Relation
from mcpsoar.targets.es.detection.statement import Statement
from mcpsoar.targets.es.expression import Printer
from mcpsoar.targets.es.text import quoted

_TABLE = "mcp_audit"
_MOST = 10_000  # rows that a query gives at most (page "Limitations")
_UNREAD = "~"
_RECEIVED = "received_ms"
_TYPES = {
    Kind.TEXT: Type.TEXT,
    Kind.ENUM: Type.TEXT,
    Kind.BOOL: Type.TRUTH,
    Kind.INTEGER: Type.WHOLE,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How a detection is asked: of the events between two times, or of its lookback up to now.

    `only_since`: matches alone whose completing event was received so many minutes ago at most, or since
    `since_ms`. `raw`: events are not in normal form yet. `tenant` is the field that parts customers: nothing
    of one is seen beside another's, and every match says whose it is.
    """

    start_ms: int | None = None
    end_ms: int | None = None
    lookback_ms: int | None = None
    only_since: int | None = None
    since_ms: int | None = None
    raw: bool = False
    index: str = paths.INDEX
    tenant: str = ""


def query(text: DetectionText, tree: exp.Query, columns: Sequence[Column], asked: Asked | None = None) -> str:
    """One row a match: event.id (null for an event without), @timestamp, subject, truncated.

    Raises Unsupported, with the detection's name.
    """
    asked = asked or Asked()
    if asked.start_ms is None and asked.lookback_ms is None:
        asked = replace(asked, lookback_ms=lookback_ms(tree))
    try:
        return "\n| ".join(_commands(tree, columns, asked))
    except Unsupported as error:
        said = f"detection {text.id}: {error.message} (target esql)"
        next_command = f"mcpsoar rules convert sql {text.id}"
        raise Unsupported(said, where=str(text.path), next_command=next_command) from None


def _commands(tree: exp.Query, columns: Sequence[Column], asked: Asked) -> list[str]:
    read = {one.name for one in tree.find_all(exp.Column)}
    kinds = {column.name: column.kind for column in columns}
    used = sorted(name for name in read if name in kinds)
    strange = [name for name in used if kinds[name] not in _TYPES]
    if strange:
        raise Unsupported(f"{strange[0]} is neither a text, a whole number nor a boolean")
    types = {name: _TYPES[kinds[name]] for name in used}
    own = {"event_ms": Type.WHOLE, "event_key": Type.TEXT}
    flow = Flow(
        _identities(columns, types, asked, read_at_all(tree, _TABLE)),
        {**own, **types},
        paths.quoted(asked.tenant) if asked.tenant else "",
    )
    if _since(asked):
        flow.types[_RECEIVED] = Type.WHOLE
    audit = Relation({name: exp.column(name) for name in flow.types})
    statement = Statement(flow, audit, _TABLE)
    if _since(asked):
        statement.always.add(_RECEIVED)
    found = statement.run(tree)
    return [*flow.commands, *_matches(statement, found, asked)]


def _identities(
    columns: Sequence[Column], types: dict[str, Type], asked: Asked, early: exp.Expr | None
) -> list[str]:
    """Each identity once, the first received, with the columns that are read.

    One whose first event nobody reads goes, but only then: another under the same identity is none.
    """
    start, end = _window(asked)
    normal = fields.evals(columns, {*types, "event_id"}) if asked.raw else ()
    at = identity.RECEIVED
    parts = [packed.packed(_escaped(name, kind), kind) for name, kind in types.items()]
    row = packed.joined([at, *parts])
    if early is not None:
        # of two received at once the one that is read counts: a tab comes before the mark
        row = f"CASE({_over_fields(columns, early)}, {row}, CONCAT({at}, {quoted(_UNREAD)}))"
    key = f'COALESCE(CONCAT("+", {packed.escape(paths.EVENT_ID)}), CONCAT(" ", {packed.escape("alone")}))'
    told = [f"event_ms = TO_LONG({paths.TIME})", f"event_key = {key}"]
    told += [f"{_RECEIVED} = TO_LONG(TO_DATETIME(MV_SLICE(part, 0)))"] if _since(asked) else []
    told += packed.assigned(list(types), types, "part", 1)
    return [
        f"FROM {asked.index} METADATA _id, _index",
        f"WHERE {paths.TIME} >= {start} AND {paths.TIME} < {end}",
        *([f"EVAL {assigned(normal)}"] if normal else []),
        f"EVAL {assigned([identity.ALONE, f'row = {row}'])}",
        f"STATS row = MIN(row) BY {', '.join([*_tenant(asked), *identity.KEYS])}",
        *([f"WHERE SUBSTRING(row, {identity.BEHIND}, 1) != {quoted(_UNREAD)}"] if early is not None else []),
        f"EVAL part = SPLIT(row, {TAB})",
        f"EVAL {assigned(told)}",
    ]


def _over_fields(columns: Sequence[Column], condition: exp.Expr) -> str:
    bare = condition.copy()
    for one in bare.find_all(exp.Column):
        one.set("table", None)
    return Printer(columns).condition(bare)


def _escaped(name: str, kind: Type) -> str:
    path = paths.quoted(paths.of(name))
    return packed.escape(path) if kind is Type.TEXT else path


def _matches(statement: Statement, found: Relation, asked: Asked) -> list[str]:
    """Each match once; `truncated` where there are more than come back."""
    words = statement.words
    value = {name: words.value(found.columns[name]) for name in ("event_ms", "event_key", "subject")}
    row = [packed.at(value["event_ms"]), value["event_key"], packed.packed(value["subject"], Type.TEXT)]
    key, subject = "MV_SLICE(part, 1)", packed.unpacked("MV_SLICE(part, 2)", Type.TEXT)
    told = [
        f'{paths.EVENT_ID} = CASE(STARTS_WITH({key}, "+"), {packed.unescape(f"SUBSTRING({key}, 2)")})',
        f"{paths.TIME} = TO_DATETIME(TO_LONG(MV_SLICE(part, 0)))",
        f"subject = {packed.unescape(subject)}",
    ]
    return [
        *([f"WHERE {words.value(found.member)}"] if found.member is not None else []),
        *([f"WHERE {_RECEIVED} >= {_since(asked)}"] if _since(asked) else []),
        f"EVAL row = {packed.joined(row)}",
        f"STATS row = VALUES(row){''.join(f' BY {one}' for one in _tenant(asked))}",
        f"EVAL truncated = MV_COUNT(row) > {_MOST}",
        "MV_EXPAND row",
        "WHERE row IS NOT NULL",
        f"EVAL part = SPLIT(row, {TAB})",
        f"EVAL {assigned(told)}",
        f"KEEP {', '.join([*_tenant(asked), paths.EVENT_ID, paths.TIME, 'subject', 'truncated'])}",
        f"SORT {', '.join([paths.TIME, paths.EVENT_ID, 'subject', *_tenant(asked)])}",
        f"LIMIT {_MOST}",
    ]


def _tenant(asked: Asked) -> list[str]:
    return [paths.quoted(asked.tenant)] if asked.tenant else []


def _window(asked: Asked) -> tuple[str, str]:
    if asked.start_ms is not None and asked.end_ms is not None:
        return moment(asked.start_ms), moment(asked.end_ms)
    minutes = -(-(asked.lookback_ms or EVER_MS) // MINUTE_MS)
    return f"NOW() - {minutes} minutes", "NOW()"


def _since(asked: Asked) -> str:
    if asked.since_ms is not None:
        return str(asked.since_ms)
    return f"TO_LONG(NOW() - {asked.only_since} minutes)" if asked.only_since is not None else ""
