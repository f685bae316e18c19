"""From the parser's tree to a query and its commands."""

from functools import lru_cache
from typing import Any

from lark import Token, v_args
from lark.exceptions import LarkError, VisitError
from lark.tree import Meta

from tests.languages.esql import tree
from tests.languages.esql.build_expressions import Expressions
from tests.languages.esql.errors import NotInGrammar
from tests.languages.esql.grammar import parser
from tests.languages.esql.literals import unquoted
from tests.languages.esql.tree import Assigned


@lru_cache(maxsize=256)
def parse(text: str) -> tree.Query:
    """The query; raises NotInGrammar for everything else."""
    try:
        built: tree.Query = _Builder(text).transform(parser().parse(text))
    except VisitError as failed:
        raise failed.orig_exc from None
    except LarkError as failed:
        raise NotInGrammar(str(failed).splitlines()[0]) from None
    return built


@v_args(meta=True)
class _Builder(Expressions):
    """One method a rule; `children` are already built."""

    def start(self, _meta: Meta, children: list[Any]) -> tree.Query:
        return tree.Query(children[0], tuple(children[1:]))

    def from_(self, _meta: Meta, children: list[Any]) -> tree.From:
        metadata = children[-1] if isinstance(children[-1], tuple) else ()
        return tree.From(tuple(one for one in children if isinstance(one, str)), metadata)

    def metadata(self, _meta: Meta, children: list[str]) -> tuple[str, ...]:
        return tuple(children)

    def index(self, _meta: Meta, children: list[Token]) -> str:
        return str(children[0]) if children[0].type == "INDEX" else unquoted(children[0])

    def row(self, _meta: Meta, children: list[Any]) -> tree.Row:
        return tree.Row(children[0])

    def where(self, _meta: Meta, children: list[Any]) -> tree.Where:
        return tree.Where(children[0])

    def eval(self, _meta: Meta, children: list[Any]) -> tree.Eval:
        return tree.Eval(children[0])

    def stats(self, _meta: Meta, children: list[Any]) -> tree.Stats:
        by = children[-1] or _By(())
        aggregates = children[0] if len(children) > 1 else ()
        return tree.Stats(aggregates, by.columns, inline=False)

    def inline(self, _meta: Meta, children: list[Any]) -> tree.Stats:
        return tree.Stats(children[0], (children[1] or _By(())).columns, inline=True)

    def by(self, _meta: Meta, children: list[Any]) -> "_By":
        return _By(children[0])

    def keep(self, _meta: Meta, children: list[str]) -> tree.Keep:
        return tree.Keep(tuple(children))

    def drop(self, _meta: Meta, children: list[str]) -> tree.Drop:
        return tree.Drop(tuple(children))

    def rename(self, _meta: Meta, children: list[tuple[str, str]]) -> tree.Rename:
        return tree.Rename(tuple(children))

    def pair(self, _meta: Meta, children: list[str]) -> tuple[str, str]:
        return children[0], children[1]

    def pair_reversed(self, _meta: Meta, children: list[str]) -> tuple[str, str]:
        return children[1], children[0]

    def sort(self, _meta: Meta, children: list[tree.SortKey]) -> tree.Sort:
        return tree.Sort(tuple(children))

    def key(self, _meta: Meta, children: list[Any]) -> tree.SortKey:
        descending = children[1] is not None and children[1].upper() == "DESC"
        # page SORT: null counts as larger than any value unless NULLS says otherwise
        first = children[2].upper() == "FIRST" if children[2] else descending
        return tree.SortKey(children[0], descending, first)

    def limit(self, _meta: Meta, children: list[Token]) -> tree.Limit:
        return tree.Limit(int(children[0]))

    def expand(self, _meta: Meta, children: list[str]) -> tree.Expand:
        return tree.Expand(children[0])

    def lookup(self, _meta: Meta, children: list[str]) -> tree.Lookup:
        return tree.Lookup(children[0], tuple(children[1:]))

    def columns(self, _meta: Meta, children: list[Assigned]) -> tuple[Assigned, ...]:
        return tuple(children)

    def aggregates(self, _meta: Meta, children: list[Assigned]) -> tuple[Assigned, ...]:
        return tuple(children)

    def column(self, _meta: Meta, children: list[Any]) -> Assigned:
        return Assigned(children[0] or children[1].text, children[1])

    def aggregate(self, _meta: Meta, children: list[Any]) -> Assigned:
        condition = children[2] if len(children) > 2 else None
        return Assigned(children[0] or children[1].text, children[1], condition)


class _By:
    """The columns after BY, told apart from a list of aggregates."""

    def __init__(self, columns: tuple[Assigned, ...]) -> None:
        self.columns = columns
