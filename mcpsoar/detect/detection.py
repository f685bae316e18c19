"""A detection's statement, understood: what it reads of `mcp_audit`, and that its names are names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sqlglot import exp

from mcpsoar.core.content import DetectionText
from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Column, Kind
from mcpsoar.detect import allow, allow_detection
from mcpsoar.detect.gate import OWN, TABLE
from mcpsoar.kit import stored
from mcpsoar.kit.complaints import together

GIVES = ("event_ms", "event_key", "subject")
RESERVED = (*stored.STEPS, "audit_matches")  # what is put around it, printed


@dataclass(frozen=True, slots=True)
class Detection:
    """`columns` are those of the dictionary that it reads; `sql` is DuckDB's, over a relation `mcp_audit`."""

    text: DetectionText
    tree: exp.Query
    columns: frozenset[str]
    sql: str


def parse_all(texts: Sequence[DetectionText], columns: Sequence[Column]) -> tuple[Detection, ...]:
    """Several at once. Raises BadContent with every complaint of all."""
    complaints: list[BadContent] = []
    found: list[Detection] = []
    for text in texts:
        try:
            found.append(parse(text, columns))
        except BadContent as error:
            complaints.append(error)
    if complaints:
        raise together(complaints)
    return tuple(found)


def parse(text: DetectionText, columns: Sequence[Column]) -> Detection:
    """Read one. Raises BadContent with file:line for what is not allowed, or is no column and no table."""
    path, first_line = str(text.path), text.sql_line
    tree = allow_detection.parse(text.sql, path=path, first_line=first_line)
    if tuple(tree.named_selects) != GIVES:
        raise BadContent(f"gives {', '.join(GIVES)}, in this order", where=f"{path}:{first_line}")

    def where(node: exp.Expr) -> str:
        return f"{path}:{first_line + allow.line(node) - 1}"

    _check_tables(tree, where)
    by_name = {column.name: column for column in columns}
    own = {alias.alias for alias in tree.find_all(exp.Alias)}
    known = {*by_name, *OWN, *own}
    for column in tree.find_all(exp.Column):
        if column.name not in known:
            near = get_close_matches(column.name, known, n=1)
            hint = f"; the nearest is {near[0]!r}" if near else ""
            raise BadContent(f"{TABLE} has no column {column.name!r}{hint}", where=where(column))
        if column.name in by_name and column.name not in own:
            _check_kind(by_name[column.name], where(column))
    enums = {name: one for name, one in by_name.items() if one.kind is Kind.ENUM and name not in own}
    for compared in tree.find_all(exp.EQ, exp.NEQ, exp.In):
        _check_values(compared, enums, where(compared))
    read = {column.name for column in tree.find_all(exp.Column)} & set(by_name)
    return Detection(text, tree, frozenset(read), tree.sql("duckdb"))


def _check_kind(column: Column, where: str) -> None:
    why = {
        Kind.NUMBER: "is no whole number: sums of it differ",
        Kind.TIME: "differs between engines: event_ms is it",
        Kind.TEXTS: "is a list, which engines hold in their own ways: derive a column from it",
    }.get(column.kind)
    if why:
        raise BadContent(f"{column.name!r} {why}", where=where)


def _check_tables(tree: exp.Query, where: Callable[[exp.Expr], str]) -> None:
    seen, taken = {TABLE}, {TABLE, *RESERVED}  # taken whatever the case: engines fold it
    with_ = tree.args.get("with_")
    for part in [*(with_.expressions if with_ else []), tree]:
        for table in part.find_all(exp.Table):
            if part is tree and table.find_ancestor(exp.With):
                continue
            if table.db or table.name not in seen:
                said = f"reads {TABLE} and what it named before in WITH, and no {table.name!r}"
                raise BadContent(said, where=where(table))
        if isinstance(part, exp.CTE):
            if part.alias.lower() in taken:
                raise BadContent(f"{part.alias!r} is the name of something else", where=where(part))
            seen.add(part.alias)
            taken.add(part.alias.lower())


def _check_values(compared: exp.Expr, enums: Mapping[str, Column], where: str) -> None:
    """A value that an enumeration has not compares with nothing, in silence."""
    sides = [compared.this, *(compared.expressions or [compared.args.get("expression")])]
    bare = [side.this if isinstance(side, exp.Coalesce) else side for side in sides]
    for column in (one for one in bare if isinstance(one, exp.Column) and one.name in enums):
        values = enums[column.name].values
        for side in sides:
            if isinstance(side, exp.Literal) and side.is_string and side.name not in values:
                said = f"{column.name!r} is one of {', '.join(values)}, and never {side.name!r}"
                raise BadContent(said, where=where)
