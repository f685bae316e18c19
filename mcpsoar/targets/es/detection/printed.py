"""Expressions over the columns of a stream, and what they are."""

from collections.abc import Mapping

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Kind
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.detection import packed
from mcpsoar.targets.es.detection.packed import Type
from mcpsoar.targets.es.expression import _PRODUCT, _SIGNED, Printer, Said
from mcpsoar.targets.es.text import quoted

_NUMBERS = (exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Neg, exp.Count, exp.Sum)
_CONDITIONS = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean)


class Words(Printer):
    """Prints over the stream; its texts are escaped, so constants are too."""

    def __init__(self, types: Mapping[str, Type]) -> None:
        super().__init__(())
        self._types = types
        self._kinds = {**self._kinds, exp.Mod: self._rest}

    def kind(self, node: exp.Expr) -> Type:
        """What an expression gives. Raises Unsupported for one that gives nothing known."""
        found = self._kind_of(node)
        if found is None:
            raise Unsupported(f"{node.sql()} has no type")
        return found

    def _kind_of(self, node: exp.Expr) -> Type | None:
        if isinstance(node, exp.Paren | exp.Min | exp.Max):
            return self._kind_of(node.this)
        if isinstance(node, exp.Column):
            return self._types.get(node.name)
        if isinstance(node, exp.Literal):
            return Type.TEXT if node.is_string else Type.WHOLE
        if isinstance(node, exp.Case):
            branches = [one.args["true"] for one in node.args["ifs"]] + [node.args.get("default")]
            return next((kind for one in branches if one is not None and (kind := self._kind_of(one))), None)
        if isinstance(node, exp.Coalesce):
            return next(
                (kind for one in (node.this, *node.expressions) if (kind := self._kind_of(one))), None
            )
        if isinstance(node, _NUMBERS):
            return Type.WHOLE
        return Type.TRUTH if isinstance(node, _CONDITIONS) else None

    def _column(self, node: exp.Expr) -> Said:
        if node.name not in self._types:
            raise Unsupported(f"there is no column {node.name} at this place")
        return Said(paths.quoted(node.name))

    def _kind(self, node: exp.Expr) -> Kind:
        return {Type.TRUTH: Kind.BOOL, Type.WHOLE: Kind.INTEGER}.get(self.kind(node), Kind.TEXT)

    def _literal(self, node: exp.Expr) -> Said:
        return Said(quoted(packed.escaped(node.name))) if node.is_string else super()._literal(node)

    def _rest(self, node: exp.Expr) -> Said:
        left, right = self._at(node.this, _PRODUCT), self._at(node.expression, _SIGNED)
        return Said(f"{left} % {right}", _PRODUCT)
