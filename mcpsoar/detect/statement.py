"""A gate or a detection as one whole statement for a table `mcp_audit`: prelude, identity, and the question.

A gate answers with one row: events, judged, numerator, denominator (0 where it has none) and warned. A
detection answers with one row a match. Of several rows with one identity the one with the smallest
ingest_time counts: a table has no other order.
"""

import re
from collections.abc import Sequence

import sqlglot
from sqlglot import Dialect, ErrorLevel, exp
from sqlglot.errors import SqlglotError

from mcpsoar.core.content import Counts
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import MINUTE_MS, Column
from mcpsoar.detect.detection import RESERVED, Detection
from mcpsoar.detect.dialects import EVENT_MS, known
from mcpsoar.detect.gate import OWN, TABLE, Gate
from mcpsoar.detect.matching import referenced
from mcpsoar.kit import stored

# their references, OVER clause: T-SQL's RANGE takes UNBOUNDED and CURRENT ROW alone, Redshift has ROWS alone
_NO_SPANS = ("redshift", "tsql")
_BARE = re.compile(stored.BARE_MARK + r"\(\s*(\w+)\s*\)")


def text(gate: Gate, columns: Sequence[Column], dialect: str, *, as_of_ms: int | None = None) -> str:
    """The statement in one dialect, for one tick: `as_of_ms`, or the first after the table's last event.

    Raises Usage (unknown dialect), Unsupported (what the dialect cannot say).
    """
    return _printed(_tree(gate, columns, as_of_ms), dialect, f"gate {gate.text.id}")


def matches(detection: Detection, columns: Sequence[Column], dialect: str) -> str:
    """The statement of a detection in one dialect: event_ms, event_key and subject of every match, ordered.

    An event without an id is named by a blank and a number. Raises Usage (unknown dialect), Unsupported.
    """
    name = f"detection {detection.text.id}"
    tree = _joined(detection, columns)
    spans = [one for one in tree.find_all(exp.WindowSpec) if str(one.args.get("kind")).upper() == "RANGE"]
    if dialect in _NO_SPANS and any(isinstance(one.args.get("start"), exp.Literal) for one in spans):
        said = f"{name} cannot be said in {dialect}, which has no RANGE over a number of milliseconds"
        raise Unsupported(said, where=str(detection.text.path))
    _order(tree, known(dialect))
    if dialect == "tsql":  # it compares no value with a condition, and has no booleans but bits
        tree = tree.transform(_bit)
    return _printed(tree, dialect, name)


def _bit(node: exp.Expr) -> exp.Expr:
    return exp.Literal.number(int(node.this)) if isinstance(node, exp.Boolean) else node


def _order(tree: exp.Expr, dialect: str) -> None:
    """Say nothing of NULLs where times and keys order, which never are: some engines cannot say it there."""
    ordering = Dialect.get_or_raise(dialect).NULL_ORDERING
    for one in tree.find_all(exp.Ordered):
        if one.this.name.endswith(("_ms", "event_key")):
            is_descending = bool(one.args.get("desc"))
            is_first = ordering != "nulls_are_last" and (ordering == "nulls_are_small") is not is_descending
            one.set("nulls_first", is_first)


def _printed(tree: exp.Expr, dialect: str, name: str) -> str:
    try:
        made = tree.sql(dialect=known(dialect), pretty=True, unsupported_level=ErrorLevel.RAISE)
        made = made.replace(stored.TIME_MARK, EVENT_MS[dialect])
        made = _BARE.sub(lambda found: stored.BARE[dialect].format(found[1]), made)
        again = sqlglot.parse_one(made, dialect=dialect).sql(dialect=dialect)
        if sqlglot.parse_one(again, dialect=dialect).sql(dialect=dialect) != again:
            raise Unsupported(f"{name} is read back as something else in {dialect}")
    except (SqlglotError, AttributeError, RecursionError) as error:
        # the generator fails on some trees with errors that are not its own
        said = str(error).splitlines()[0]
        raise Unsupported(f"{name} cannot be said in {dialect}: {said}") from None
    return made


def _joined(detection: Detection, columns: Sequence[Column]) -> exp.Expr:
    by_name = {column.name: column for column in columns}
    names = sorted(detection.columns | {"event_id", "ingest_time"})
    fields = stored.fields(by_name[name] for name in names)
    kept = "".join(f", {name}" for name in names)
    read, copied, counted, found = RESERVED
    query = f"""
    WITH {read} AS ({fields}),
    {copied} AS (
      SELECT event_ms{kept},
        {stored.COPY_NUMBER},
        ROW_NUMBER() OVER (ORDER BY event_ms, ingest_time) AS place
      FROM {read}
    ),
    {counted} AS (
      SELECT event_ms, COALESCE(event_id, ' ' || CAST(place AS VARCHAR)) AS event_key{kept}
      FROM {copied}
      WHERE {stored.COUNTED}
    )
    SELECT DISTINCT event_ms, event_key, subject FROM {found} ORDER BY event_ms, event_key, subject
    """
    whole = sqlglot.parse_one(query, dialect="duckdb")
    asked = detection.tree.copy()
    for table in asked.find_all(exp.Table):
        if table.name == TABLE:
            alias = table.alias or TABLE
            table.set("this", exp.to_identifier(counted))
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    own = asked.args.get("with_")
    asked.set("with_", None)
    parts = list(own.expressions) if own else []
    parts.append(exp.CTE(this=asked, alias=exp.TableAlias(this=exp.to_identifier(found))))
    for part in parts:
        whole.args["with_"].append("expressions", part)
    return whole


def _tree(gate: Gate, columns: Sequence[Column], as_of_ms: int | None) -> exp.Expr:
    by_name = {column.name: column for column in columns}
    names = sorted(referenced(gate.expressions) - set(OWN) | {"event_id", "ingest_time"})
    fields = stored.fields(by_name[name] for name in names)
    window = gate.text.window_ms
    tick = f"SELECT MAX(event_ms) - MAX(event_ms) % {MINUTE_MS} + {MINUTE_MS} AS as_of_ms FROM fields"
    if as_of_ms is not None:
        tick = f"SELECT {as_of_ms} AS as_of_ms"
    counted = "DISTINCT CASE WHEN {0} = 1 AND judged = 1 THEN subject END"
    if gate.text.counts is Counts.EVENTS:
        counted = "CASE WHEN {0} = 1 AND judged = 1 THEN 1 END"
    total = "COUNT(CASE WHEN judged = 1 THEN 1 END)"
    flags = {"hit": gate.hit, "judged": gate.judged, "warned": gate.warned}
    flags_sql = ", ".join(f"{_number(part)} AS {name}" for name, part in flags.items())
    query = f"""
    WITH fields AS ({fields}),
    tick AS ({tick}),
    copies AS (
      SELECT event_ms, event_id AS event_key, {", ".join(names)},
        {stored.COPY_NUMBER}
      FROM fields
    ),
    flags AS (
      SELECT event_ms, {gate.subject.sql("duckdb")} AS subject, {flags_sql}
      FROM copies
      WHERE copy_number = 1 OR event_key IS NULL
    )
    SELECT COUNT(*) AS events, {total} AS judged, COUNT({counted.format("hit")}) AS numerator,
      {total if gate.text.page.ratio else "0"} AS denominator, COUNT({counted.format("warned")}) AS warned
    FROM flags CROSS JOIN tick
    WHERE event_ms >= as_of_ms - {window} AND event_ms < as_of_ms
    """
    return sqlglot.parse_one(query, dialect="duckdb")


def _number(condition: exp.Expression | None) -> str:
    return f"CASE WHEN {condition.sql('duckdb')} THEN 1 ELSE 0 END" if condition is not None else "0"
