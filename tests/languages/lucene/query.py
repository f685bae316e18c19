"""A query string over an index: its boolean structure, and what it says of fields.

Page "Query string": AND, OR and NOT do not honour precedence, so groups must tell what belongs together;
terms side by side mean what `default_operator` says; of a NOT that stands alone or beside an OR it says
nothing (Lucene: what must not be there finds no document by itself, and `a OR NOT b` is `a AND NOT b`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from luqum import tree
from luqum.exceptions import IllegalCharacterError, ParseSyntaxError
from luqum.thread import parse

from tests.languages.esql import Index, NotInGrammar, Refused, Undocumented
from tests.languages.lucene import indexed, values

Document = Mapping[str, Any]
Holds = Callable[[Document], bool]
_EXISTS = "_exists_"


def found(query: str, index: Index) -> list[Document]:
    """The documents that a query string finds, in the order of the index.

    Raises NotInGrammar for text outside the small grammar, Refused where Elastic documents an error, and
    Undocumented where its documents leave the meaning open.
    """
    try:
        read = parse(query)
    except (IllegalCharacterError, ParseSyntaxError) as error:
        raise NotInGrammar(str(error)) from None
    if read is None:
        raise NotInGrammar("an empty query")
    holds = _Reader(query, index).clause(read)
    return [document for document in index.documents if holds(document)]


class _Reader:
    def __init__(self, query: str, index: Index) -> None:
        self.query = query
        self.index = index

    def clause(self, node: tree.Item) -> Holds:
        """Anything but a NOT."""
        match node:
            case tree.SearchField():
                return self._field(node)
            case tree.Group():
                return self.clause(node.expr)
            case tree.AndOperation():
                return self._both(node)
            case tree.OrOperation():
                return self._either(node)
            case tree.Not():
                raise Undocumented(f"a NOT with nothing beside it that is none: {node}")
            case tree.UnknownOperation():
                raise Undocumented(f"clauses side by side, which default_operator joins: {node}")
        raise NotInGrammar(f"{type(node).__name__}: {node}")

    def _both(self, node: tree.AndOperation) -> Holds:
        wanted = [self._operand(one) for one in node.operands if not isinstance(one, tree.Not)]
        unwanted = [self._operand(one.a) for one in node.operands if isinstance(one, tree.Not)]
        if not wanted:
            raise Undocumented(f"NOT beside NOT alone: {node}")
        return lambda document: (
            all(one(document) for one in wanted) and not any(one(document) for one in unwanted)
        )

    def _either(self, node: tree.OrOperation) -> Holds:
        if any(isinstance(one, tree.Not) for one in node.operands):
            raise Undocumented(f"NOT beside OR: {node}")
        wanted = [self._operand(one) for one in node.operands]
        return lambda document: any(one(document) for one in wanted)

    def _operand(self, node: tree.Item) -> Holds:
        if isinstance(node, tree.BaseOperation | tree.Not):
            raise Undocumented(f"operators without parentheses, which have no precedence: {node}")
        return self.clause(node)

    def _field(self, node: tree.SearchField) -> Holds:
        if node.name == _EXISTS:
            return self._exists(node.expr)
        field = self.index.fields.get(node.name)
        if field is None:
            raise Refused(f"no field {node.name} in the mapping")
        test = self._test(node.expr, node.name)
        name = node.name
        return lambda document: any(test(one) for one in indexed.values(document, name, field))

    def _test(self, node: tree.Item, name: str) -> values.Test:
        if not isinstance(node, tree.FieldGroup):
            return values.test(node, name, self.index.fields[name], self.query)
        if not isinstance(node.expr, tree.OrOperation):
            raise NotInGrammar(f"a group behind {name}: that is no OR")
        field = self.index.fields[name]
        each = [values.test(one, name, field, self.query) for one in node.expr.operands]
        return lambda value: any(one(value) for one in each)

    def _exists(self, node: tree.Item) -> Holds:
        """Page "Exists": there is an indexed value, an empty text too; null, [] and one too long are none."""
        field = self.index.fields.get(node.value) if isinstance(node, tree.Word) else None
        if field is None:
            raise Refused(f"{_EXISTS}:{node}, which the mapping does not have")
        name = node.value
        return lambda document: bool(indexed.values(document, name, field))
