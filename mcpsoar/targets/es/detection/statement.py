"""A detection's SELECT, its CTEs one after the other, as commands over one stream of events.

All tables of the SQL live in one stream: a CTE is a condition on its rows and expressions over their columns.
What looks at several rows is gathered at once and given to every row. Rows are left out only where a window
has to see no others; a table that needs one of them afterwards cannot be said.
"""

from collections.abc import Sequence

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.detection import conjuncts
from mcpsoar.targets.es.detection import inner, joins
from mcpsoar.targets.es.detection.flow import Aggregate, Flow
from mcpsoar.targets.es.detection.packed import Type
from mcpsoar.targets.es.detection.printed import Words
from mcpsoar.targets.es.detection.relation import (
    AGGREGATES,
    STREAM,
    Relation,
    Scope,
    all_of,
    equals,
    is_number,
    known,
    names_in,
)
from mcpsoar.targets.es.detection.windows import Windows


class Statement:
    """`flow` has the columns of `mcp_audit`; `run` writes the rest of the query up to the matches.

    Raises Unsupported, with the reason alone.
    """

    def __init__(self, flow: Flow, audit: Relation, table: str) -> None:
        self.flow = flow
        self.words = Words(flow.types)
        self.relations: dict[str, Relation] = {table: audit}
        self.todo: list[exp.Query] = []
        self.extra: set[str] = set()  # columns that the SELECT at hand still reads
        self.places: dict[str, tuple[str, ...]] = {}  # 1 in one row a partition, and the columns of that
        self.scope = Scope({})
        self.name = ""  # of the SELECT at hand
        self.ties: list[
            tuple[exp.Expr, frozenset[str]]
        ] = []  # rows such that no two have these columns alike
        self.numbers: set[str] = set()  # columns that are never null
        self.always: set[str] = set()  # columns that every row keeps

    def run(self, tree: exp.Query) -> Relation:
        """The matches as a relation."""
        with_ = tree.args.get("with_")
        named = [(one.alias, one.this) for one in with_.expressions] if with_ else []
        last = tree.copy()
        last.set("with_", None)
        self.todo = [*(one for _, one in named), last]
        for self.name, select in named:
            self.relations[self.name] = self._select(select)
            self.todo.pop(0)
        self.name = ""
        return self._select(last)

    def _select(self, tree: exp.Query) -> Relation:
        if not isinstance(tree, exp.Select) or tree.args.get("distinct"):
            raise Unsupported("UNION, and DISTINCT of rows")
        if tree.args.get("having") and not tree.args.get("group"):
            raise Unsupported("HAVING without GROUP BY")
        self.extra, self.scope = set(), Scope({})
        select = tree.copy()
        source = select.args["from_"].this
        table = self.table(source)
        self.scope.tables[source.alias_or_name] = table
        if select.args.get("group"):
            return self._groups(select, table)
        where = list(conjuncts(select.args.get("where")))
        members = [table.member]
        for join in select.args.get("joins") or []:
            members += joins.joined(self, join, where)
        member = self._members(members, where)
        windows = [one for each in select.expressions for one in each.find_all(exp.Window)]
        if windows:
            for one in [one for each in select.expressions for one in each.find_all(exp.Subquery)]:
                one.replace(inner.alone(self, one).transform(_of_stream))
            member = Windows(self, select, member, table.keys).said(windows)
        columns = {one.alias_or_name: self.read(one.unalias()) for one in select.expressions}
        return Relation(columns, member, table.keys)

    def _members(self, members: Sequence[exp.Expr | None], where: Sequence[exp.Expr]) -> exp.Expr | None:
        found = list(members)
        for one in members:
            self.extra |= names_in(one)
        for one in where:
            found.append(self.read(one))
            self.extra |= names_in(found[-1])
        return all_of(found)

    def table(self, source: exp.Expr) -> Relation:
        """What a name after FROM or JOIN is."""
        if not isinstance(source, exp.Table):
            raise Unsupported("a query in FROM, which has no name")
        if source.name not in self.relations:
            raise Unsupported(f"{source.name} is read again after a window over some of its rows")
        return self.relations[source.name]

    def needed(self) -> set[str]:
        """The columns of the stream that what is still to be said may read."""
        later = {one.name for tree in self.todo for one in tree.find_all(exp.Column)}
        tables = {one.name for tree in self.todo for one in tree.find_all(exp.Table)}
        held = [one for name, one in self.relations.items() if name in tables]
        found = self.extra | self.always
        for relation in (*held, *self.scope.tables.values()):
            for name, value in relation.columns.items():
                found |= names_in(value) if name in later else set()
            for part in (relation.member, *(relation.keys or ())):
                found |= names_in(part)
        return found

    def read(self, tree: exp.Expr) -> exp.Expr:
        """An expression of the SELECT at hand over the stream; what it asks of other tables is gathered."""

        def one(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.In) and node.args.get("query"):
                return inner.among(self, node)
            if isinstance(node, exp.Subquery):
                return inner.alone(self, node)
            return self.scope.column(node) if isinstance(node, exp.Column) else node

        return tree.copy().transform(one)

    def column(self, value: exp.Expr, hint: str) -> str:
        """The name of a column of the stream that holds this."""
        if isinstance(value, exp.Column):
            return value.name
        name = self.flow.name(hint)
        self.flow.eval({name: (self.words.value(value), self.words.kind(value))})
        self.extra.add(name)
        self.numbers |= {name} if is_number(value) else set()
        return name

    def gather(self, keys: Sequence[str], found: dict[str, Aggregate], *, known: Sequence[str] = ()) -> None:
        """Give every row what is found of the rows with its keys."""
        self.flow.gather(keys, found, self.needed(), known=known)
        self.extra |= set(found) | set(keys)

    def aggregate(self, node: exp.Expr, member: exp.Expr | None) -> Aggregate:
        """One of the rows that are members; `node` is over the stream."""
        of = node.this
        if isinstance(of, exp.Star):
            return Aggregate(f"SUM({self.of_members(member, '1', '0')})", Type.WHOLE)
        if isinstance(of, exp.Distinct):
            raise Unsupported("COUNT(DISTINCT …): ES|QL counts about")
        if isinstance(node, exp.Count):
            return Aggregate(f"SUM({self.of_members(all_of([member, known(of)]), '1', '0')})", Type.WHOLE)
        word = node.key.upper()
        kind = self.words.kind(of)
        if kind is Type.TRUTH:
            raise Unsupported(f"{word} of a condition")
        return Aggregate(f"{word}({self.of_members(member, self.words.value(of))})", kind)

    def of_members(self, member: exp.Expr | None, value: str, other: str = "") -> str:
        """The value in a row that is a member."""
        return f"CASE({self.words.condition(member)}, {value}{other and f', {other}'})" if member else value

    def _groups(self, select: exp.Select, table: Relation) -> Relation:
        if select.args.get("joins"):
            raise Unsupported("GROUP BY over a join")
        member = self._members([table.member], list(conjuncts(select.args.get("where"))))
        keys = [self.column(self.read(one), "of") for one in select.args["group"].expressions]
        found: dict[str, Aggregate] = {}
        asked = [*select.expressions, *([select.args["having"]] if select.args.get("having") else [])]
        for one in [one for each in asked for one in each.find_all(*AGGREGATES)]:
            if table.keys is not None and not isinstance(one, exp.Min | exp.Max):
                raise Unsupported(f"{one.sql()} of groups")
            hint = one.parent.alias if isinstance(one.parent, exp.Alias) else one.key
            name = self.flow.name(hint) if hint not in found else self.flow.name(f"{hint}_2")
            found[name] = self.aggregate(self.read(one), member)
            one.replace(exp.column(name, table=STREAM))
        there: list[exp.Expr | None] = []
        if member is not None:
            name = self.flow.name("there")
            found[name] = Aggregate(f"MAX({self.of_members(member, '1', '0')})", Type.WHOLE)
            there = [equals(name, 1)]
        if found:
            self.gather(keys, found, known=[one for one in keys if one in inner.sought(self, select)])
        having = [self.read(one) for one in conjuncts(select.args.get("having"))]
        columns = {one.alias_or_name: self.read(one.unalias()) for one in select.expressions}
        return Relation(columns, all_of([*there, *having]), tuple(exp.column(one) for one in keys))


def _of_stream(node: exp.Expr) -> exp.Expr:
    return exp.column(node.name, table=STREAM) if isinstance(node, exp.Column) else node
