"""A gate's SELECT, taken apart: what it counts, whom it blames, which events it can judge."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.content import GateText
from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Column
from mcpsoar.detect import allow

TABLE = "mcp_audit"
OWN = ("event_ms", "event_key")
_NEEDED = ("event_ms", "event_key", "subject", "hit", "judged")


@dataclass(frozen=True, slots=True)
class Gate:
    """`hit`, `judged` and `warned` are conditions, where NULL is no; a gate that does not warn has none."""

    text: GateText
    subject: exp.Expression
    hit: exp.Expression
    judged: exp.Expression
    warned: exp.Expression | None

    @property
    def expressions(self) -> tuple[exp.Expression, ...]:
        parts = (self.subject, self.hit, self.judged, self.warned)
        return tuple(part for part in parts if part is not None)


def parse(text: GateText, columns: Sequence[Column], *, approved: Collection[str] | None = None) -> Gate:
    """Read a gate's SQL; `:approved` becomes the names on the list as literals.

    Without a list every name counts as approved, with an empty one none does. Raises BadContent with
    file:line.
    """
    path = str(text.path)
    tree = allow.parse(text.sql, path=path, first_line=text.sql_line)
    _check_names(tree, {column.name for column in columns}, path, text.sql_line)
    tree = _filled(tree, approved, path, text.sql_line)
    named = {one.alias_or_name: one.unalias() for one in tree.expressions}
    wrong = [name for name in _NEEDED if name not in named] or [
        name for name in named if name not in (*_NEEDED, "warned")
    ]
    if wrong or len(named) != len(tree.expressions):
        said = f"selects {', '.join(_NEEDED)} and perhaps warned"
        raise BadContent(said, where=f"{path}:{text.sql_line}")
    where = tree.args.get("where")
    rows = where.this if where else None
    return Gate(
        text,
        subject=named["subject"],
        hit=_condition(named["hit"], rows),
        judged=_condition(named["judged"], rows),
        warned=_condition(named["warned"], rows) if "warned" in named else None,
    )


def _condition(number: exp.Expression, rows: exp.Expression | None) -> exp.Expression:
    """What makes a flag 1 in a row that the gate selects. May be NULL, which is no: callers fold it."""
    condition = _told(number)
    return (
        condition if rows is None else exp.And(this=exp.paren(condition), expression=exp.paren(rows.copy()))
    )


def _told(number: exp.Expression) -> exp.Expression:
    """`CASE WHEN x THEN 1 ELSE 0 END` is x; anything else is compared with 1."""
    ifs = number.args.get("ifs") or []
    default = number.args.get("default")
    one, zero = exp.Literal.number(1), exp.Literal.number(0)
    if isinstance(number, exp.Case) and not number.this and len(ifs) == 1 and default == zero:
        only: exp.Expression = ifs[0]
        if only.args["true"] == one:
            return exp.paren(only.this.copy())
    return exp.EQ(this=exp.paren(number.copy()), expression=one)


def _filled(tree: exp.Select, approved: Collection[str] | None, path: str, first_line: int) -> exp.Select:
    def fill(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.In) or not any(
            isinstance(one, exp.Placeholder) for one in node.expressions
        ):
            return node
        if approved is None:
            return _fact(holds=True)
        if not approved:
            return _fact(holds=False)
        names = [exp.Literal.string(name) for name in sorted(approved)]
        return exp.In(this=node.this.copy(), expressions=names)

    for holder in tree.find_all(exp.Placeholder):
        if (
            holder.name != "approved"
            or not isinstance(holder.parent, exp.In)
            or len(holder.parent.expressions) != 1
        ):
            where = f"{path}:{first_line + allow.line(holder) - 1}"
            raise BadContent("the one parameter is written: column IN (:approved)", where=where)
    filled = tree.transform(fill)
    if not isinstance(filled, exp.Select):
        raise BadContent("is not exactly one SELECT", where=f"{path}:{first_line}")
    return filled


def _fact(*, holds: bool) -> exp.Expression:
    # a comparison of numbers, because some dialects have no boolean values
    return exp.paren(exp.EQ(this=exp.Literal.number(1), expression=exp.Literal.number(1 if holds else 0)))


def _check_names(tree: exp.Select, known: set[str], path: str, first_line: int) -> None:
    tables = list(tree.find_all(exp.Table))
    if [(table.name, table.db, table.alias) for table in tables] != [(TABLE, "", "")]:
        raise BadContent(f"reads {TABLE} and nothing else", where=f"{path}:{first_line}")
    for column in tree.find_all(exp.Column):
        if column.table or column.name not in known | set(OWN):
            where = f"{path}:{first_line + allow.line(column) - 1}"
            raise BadContent(f"{TABLE} has no column {column.sql()!r}", where=where)
