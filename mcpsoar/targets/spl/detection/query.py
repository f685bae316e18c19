"""A statement, one SELECT after the other: each becomes a relation over the results of one search."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Kind
from mcpsoar.targets.detection import conjuncts
from mcpsoar.targets.spl.detection import groups, joins, values, windows
from mcpsoar.targets.spl.detection.commands import Commands
from mcpsoar.targets.spl.detection.frames import read
from mcpsoar.targets.spl.detection.relation import (
    Field,
    Relation,
    Scope,
    fixed_by,
    given,
    narrowed,
)
from mcpsoar.targets.spl.held import Held


class Query:
    """Relations by name, made one by one. `known` is what the search begins with."""

    def __init__(self, commands: Commands, known: Mapping[str, Relation]) -> None:
        self._commands = commands
        self._known = dict(known)

    def whole(self, tree: exp.Query) -> Relation:
        """The last SELECT's rows. Raises Unsupported."""
        with_ = tree.args.get("with_")
        parts = [(one.alias, one.this) for one in (with_.expressions if with_ else [])]
        last = tree.copy()
        last.set("with_", None)
        parts.append(("found", last))
        for at, (name, select) in enumerate(parts):
            later = {table.name for _, one in parts[at + 1 :] for table in one.find_all(exp.Table)}
            self._known[name] = self._select(select, name, later)
            self._drop(later)
        return self._known["found"]

    def _drop(self, later: Collection[str], *now: str) -> None:
        """The results that are rows of nothing that is read `now` or `later`."""
        members = [one.member for name, one in self._known.items() if name in later]
        if "mcp_audit" not in later and (members or now):
            self._commands.keep(*dict.fromkeys((*now, *members)))

    def _select(self, select: exp.Expr, name: str, later: Collection[str] | None = None) -> Relation:
        """`later` are the relations that are read after it; None while another SELECT is being read."""
        if not isinstance(select, exp.Select):
            raise Unsupported(f"{type(select).__name__.upper()} is not said in SPL")
        select = select.copy()
        scope = self._from(select)
        scope = self._filtered(scope, self._asked(select, scope, "where"), name)
        if later is not None:
            self._drop(later, scope.member)
        if select.args.get("group") or select.args.get("distinct") or _is_total(select):
            return self._grouped(select, scope, name)
        nodes = [one for part in select.expressions for one in part.find_all(exp.Window)]
        keys = _renamed(scope, select) | _counted(select)
        _answer(windows.computed(nodes, scope, self._commands))
        fields = {one.alias_or_name: self._projected(one, scope, name) for one in select.expressions}
        return Relation(scope.member, fields, keys)

    def _from(self, select: exp.Select) -> Scope:
        alias, relation = self._source(select.args["from_"].this)
        keys = frozenset(frozenset(f"{alias}.{one}" for one in key) for key in relation.keys)
        scope = Scope(relation.member, {alias: relation.fields}, keys)
        for join in select.args.get("joins") or []:
            alias, other = self._source(join.this)
            wanted = [one.name for one in select.find_all(exp.Column) if one.table in ("", alias)]
            if not join.side:
                other = self._prefiltered(select, alias, other)
            asked = joins.Asked(wanted, [one.member for one in self._known.values()])
            scope, rest = joins.joined(scope, other, join, asked, self._commands)
            scope = self._filtered(scope, rest, alias)
        return scope

    def _prefiltered(self, select: exp.Select, alias: str, other: Relation) -> Relation:
        """Of an inner join's other side, the rows that WHERE keeps."""
        parts = list(conjuncts(select.args["where"].this)) if select.args.get("where") else []
        own = [
            one
            for one in parts
            if not one.find(exp.Select) and {column.table for column in one.find_all(exp.Column)} == {alias}
        ]
        if not own:
            return other
        keys = frozenset(frozenset(f"{alias}.{one}" for one in key) for key in other.keys)
        scope = self._filtered(Scope(other.member, {alias: other.fields}, keys), own, alias)
        plain = frozenset(frozenset(one.partition(".")[2] for one in key) for key in scope.keys)
        return replace(other, member=scope.member, keys=plain)

    def _source(self, source: exp.Expr) -> tuple[str, Relation]:
        if isinstance(source, exp.Subquery):
            return source.alias, self._select(source.this, source.alias)
        return source.alias_or_name, self._known[source.name]

    def _asked(self, select: exp.Select, scope: Scope, clause: str) -> list[exp.Expr]:
        """The parts of a condition, its subqueries answered."""
        for one in [one for one in select.find_all(exp.Subquery) if not one.alias]:
            if isinstance(one.parent, exp.In) or one.find_ancestor(exp.Join):
                continue
            one.replace(given(self._scalar(one.this)))
        found = select.args.get(clause)
        if found is None:
            return []
        for one in list(found.find_all(exp.In)):
            if one.args.get("query"):
                one.replace(given(self._among(one, scope)))
        return list(conjuncts(found.this))

    def _filtered(self, scope: Scope, parts: Sequence[exp.Expr], name: str) -> Scope:
        if not parts:
            return scope
        said = [values.condition(one, scope) for one in parts]
        text = " AND ".join(f"({one.text})" if one.operator == "OR" else one.text for one in said)
        member = self._commands.put(f"in_{name}", f"if({scope.member}=1 AND {text}, 1, 0)")
        return Scope(member, scope.parts, narrowed(scope.keys, fixed_by(parts, scope)))

    def _projected(self, part: exp.Expr, scope: Scope, name: str) -> Field:
        node = part.unalias()
        if isinstance(node, exp.Column):
            return scope.find(node)[1]
        found = values.value(node, scope)
        return values.made(node, found, self._commands.put(f"{name}_{part.alias_or_name}", found.text))

    def _grouped(self, select: exp.Select, scope: Scope, name: str) -> Relation:
        group = select.args.get("group")
        keys = group.expressions if group else [one.unalias() for one in select.expressions]
        has_groups = bool(group or select.args.get("distinct"))
        having = select.args.get("having")
        parts = [*select.expressions, *([having] if having else [])]
        nodes = [one for part in parts for one in part.find_all(*groups.AGGREGATES)]
        told = groups.keys_of(select) if group else frozenset()
        by, member = groups.grouped(keys, scope, self._commands) if has_groups else ([], "")
        found = groups.aggregated(nodes, scope, self._commands, by)
        _answer(zip(nodes, found, strict=True))
        scope = Scope(member or scope.member, scope.parts)
        if having:
            scope = self._filtered(scope, list(conjuncts(select.args["having"].this)), name)
        fields = {one.alias_or_name: self._projected(one, scope, name) for one in select.expressions}
        return Relation(scope.member, fields, told)

    def _scalar(self, select: exp.Expr) -> Field:
        """The one value of a SELECT over all its rows: a field of every result."""
        if not (isinstance(select, exp.Select) and _is_total(select) and len(select.expressions) == 1):
            raise Unsupported("a subquery that is no total of its rows is not said in SPL")
        return next(iter(self._select(select, "total").fields.values()))

    def _among(self, node: exp.In, scope: Scope) -> Field:
        """IN (SELECT …) as a boolean, NULL where SQL has it: both sides read one field."""
        query = node.args["query"]
        inner = self._select(query.this if isinstance(query, exp.Subquery) else query, "listed")
        (there,) = inner.fields.values()
        here = values.value(node.this, scope)
        own = Scope(inner.member, {"": {"one": there}})
        if values.value(exp.column("one"), own).text != here.text:
            raise Unsupported(f"{node.this.sql('duckdb')} IN another column is not said in SPL")
        mark = self._commands.put("key", values.marked(here))
        (match,) = self._commands.eventstats([("matched", f"max({inner.member})")], [mark])
        nulls = self._commands.put("empty", f"if({inner.member}=1 AND {here.null.text}, 1, 0)")
        rows, empty = self._commands.eventstats(
            [("rows", f"sum({inner.member})"), ("empty", f"max({nulls})")]
        )
        told = (
            f'case({rows}=0, "false", {here.null.text}, null(), {match}=1, "true", {empty}=1, null(), '
            'true(), "false")'
        )
        return Field(Held(Kind.BOOL, self._commands.put("is_among", told)))


def _answer(found: Iterable[tuple[exp.Expr, Field]]) -> None:
    """Put columns where functions stood."""
    for node, one in found:
        node.replace(given(one))


def _is_total(select: exp.Select) -> bool:
    """Whether it gives one row: it counts, and groups by nothing."""
    counted = [one for part in select.expressions for one in part.find_all(*groups.AGGREGATES)]
    return any(one.find_ancestor(exp.Window) is None for one in counted) and not select.args.get("group")


def _renamed(scope: Scope, select: exp.Select) -> frozenset[frozenset[str]]:
    """The keys under the names that a SELECT gives."""
    names = {
        scope.find(one.unalias())[0]: one.alias_or_name
        for one in select.expressions
        if isinstance(one.unalias(), exp.Column)
    }
    return frozenset(frozenset(names[one] for one in key) for key in scope.keys if key <= set(names))


def _counted(select: exp.Select) -> frozenset[frozenset[str]]:
    """The keys that a number in a partition makes: its own, or among the rows that were counted."""
    names = {one.unalias().sql(): one.alias_or_name for one in select.expressions}
    found = set()
    for part in select.expressions:
        node = part.unalias()
        if not isinstance(node, exp.Window):
            continue
        told = list(node.args.get("partition_by") or [])
        if isinstance(node.this, exp.Count) and read(node).is_total and isinstance(node.this.this, exp.Case):
            told += [one for clause in node.this.this.args["ifs"] for one in clause.this.find_all(exp.Column)]
        elif not isinstance(node.this, exp.RowNumber):
            continue
        if all(one.sql() in names for one in told):
            found.add(frozenset({part.alias_or_name, *(names[one.sql()] for one in told)}))
    return frozenset(found)
