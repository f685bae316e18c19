"""When what SQL asks of a list is TRUE, FALSE and NULL, asked of a field of several values."""

from sqlglot import exp

from mcpsoar.targets.spl.text import Said, both, either
from mcpsoar.targets.spl.value import Values


class Lists:
    """Conditions on lists; `values` says what the lists, and all else in them, are worth."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def any(self, node: exp.Anonymous) -> Said:
        """Some element is such."""
        return Said(f"isnotnull({self._found(node)})")

    def none(self, node: exp.Anonymous) -> Said:
        """There are elements, and none is such."""
        return both(Said(f"isnotnull({self._elements(node)})"), self.not_any(node))

    def any_null(self, node: exp.Anonymous) -> Said:
        """There are no elements."""
        return Said(f"isnull({self._elements(node)})")

    def not_any(self, node: exp.Anonymous) -> Said:
        """No element is such, or there is none."""
        return Said(f"isnull({self._found(node)})")

    def holds(self, node: exp.ArrayContains) -> Said:
        """`list_contains` is TRUE."""
        some, one = self._values.of_list(node.this), self._values.value(node.expression)
        return both(some.listed, one.there, Said(_among(some.text, one.text, "=")))

    def lacks(self, node: exp.ArrayContains) -> Said:
        """It is FALSE: an empty list lacks even NULL."""
        some, one = self._values.of_list(node.this), self._values.value(node.expression)
        outside = both(one.there, Said(_among(some.text, one.text, "!=")))
        return both(some.listed, either(Said(f"isnull({some.text})"), outside))

    def holds_null(self, node: exp.ArrayContains) -> Said:
        """It is NULL."""
        some, one = self._values.of_list(node.this), self._values.value(node.expression)
        return either(some.unlisted, both(Said(f"isnotnull({some.text})"), one.null))

    def holds_all(self, node: exp.Anonymous) -> Said:
        """`list_has_all` is TRUE."""
        return self._all(node, "=")

    def lacks_some(self, node: exp.Anonymous) -> Said:
        """It is FALSE."""
        return self._all(node, "!=")

    def all_null(self, node: exp.Anonymous) -> Said:
        """It is NULL."""
        some, wanted = (self._values.of_list(one) for one in node.expressions)
        return either(some.unlisted, wanted.unlisted)

    def _all(self, node: exp.Anonymous, operator: str) -> Said:
        some, wanted = (self._values.of_list(one) for one in node.expressions)
        return both(some.listed, wanted.listed, Said(_among(some.text, wanted.text, operator)))

    def _found(self, node: exp.Anonymous) -> str:
        """The elements that a condition holds for."""
        asked = node.expressions[0]
        return self._values.filtered(asked.this, asked.expression).text

    def _elements(self, node: exp.Anonymous) -> str:
        return self._values.of_list(node.expressions[0].this).text


def _among(some: str, wanted: str, operator: str) -> str:
    """Whether adding values to a set changes its size; mvfind would take them for regular expressions."""
    return (
        f"coalesce(mvcount(mvdedup(mvappend({some}, {wanted}))), 0)"
        f"{operator}coalesce(mvcount(mvdedup({some})), 0)"
    )
