"""What SQL asks of lists, as ES|QL asks it of several values in one field.

An empty list is stored as if it were absent, so the event itself tells in `mcp.empty_lists`. Every function
gives null where SQL gives NULL, and raises Unsupported, with the reason alone, for what cannot be told.
"""

from collections.abc import Callable, Mapping

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.detection import elements
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.text import pattern, quoted


class Lists:
    """Over these columns; `value` prints what is no list."""

    def __init__(self, columns: Mapping[str, Column], value: Callable[[exp.Expr], str]) -> None:
        self._columns = columns
        self._value = value

    def known(self, of: exp.Expr) -> str:
        """Whether there is a list, even if it is empty."""
        return f"{self._path(of)} IS NOT NULL OR {_empty(of)}"

    def contains(self, node: exp.Expr) -> str:
        """`list_contains(list, text)`."""
        own, sought = self._path(node.this), node.expression
        value = self._value(sought)
        if isinstance(sought, exp.Literal):
            return f"CASE({self.known(node.this)}, MV_CONTAINS({own}, {value}))"
        # the engine's list_contains says false of an empty list even where NULL is sought (executed)
        nothing = f"{own} IS NULL AND {_empty(node.this)}"
        both = f"{own} IS NOT NULL AND ({value}) IS NOT NULL"
        return f"CASE({nothing}, false, {both}, MV_CONTAINS({own}, {value}))"

    def has_all(self, held: exp.Expr, wanted: exp.Expr) -> str:
        """`list_has_all(list, list)`."""
        guard = f"({self.known(held)}) AND ({self.known(wanted)})"
        return f"CASE({guard}, MV_CONTAINS({self._path(held)}, {self._path(wanted)}))"

    def length(self, node: exp.Expr) -> str:
        """`len(list_distinct(list))` alone: a stored list of keywords has lost its repeats."""
        if not isinstance(node.this, exp.ArrayDistinct):
            raise Unsupported("a length other than len(list_distinct(…)): stored lists lose their repeats")
        of = node.this.this
        return f"CASE({self.known(of)}, COALESCE(MV_COUNT(MV_DEDUPE({self._path(of)})), 0))"

    def any_element(self, node: exp.Expr) -> str | None:
        """`len(list_filter(list, lambda word: …)) > 0`, for words that are, start with or end in a text.

        None for another comparison. One text of all elements with blanks between them is searched. An element
        that holds a blank itself would look like two, so that null comes out where there is one.
        """
        length, bound = node.this, node.expression
        if not isinstance(length, exp.Length) or not isinstance(length.this, exp.ArrayFilter):
            return None
        if not isinstance(bound, exp.Literal) or bound.name != "0":
            raise Unsupported("how many elements of a list are such; only whether any is")
        of, asked = length.this.this, length.this.expression
        own = self._path(of)
        words = f'CONCAT(" ", MV_CONCAT(MV_SORT({own}), " "), " ")'
        found = elements.compared(asked.this, asked.expressions[0].name)
        tests = [_test(how, word, own, words) for how, word in found]
        one_each = f'LENGTH({words}) - LENGTH(REPLACE({words}, " ", "")) == MV_COUNT({own}) + 1'
        return f"CASE({own} IS NULL AND {_empty(of)}, false, {one_each}, {' OR '.join(tests)})"

    def _path(self, of: exp.Expr) -> str:
        column = self._columns.get(of.name) if isinstance(of, exp.Column) else None
        if column is None or column.kind is not Kind.TEXTS:
            raise Unsupported(f"{of.sql()} is no column with a list")
        return paths.quoted(paths.of(column.name))


def _empty(of: exp.Expr) -> str:
    return f"MV_CONTAINS({paths.EMPTY_LISTS}, {quoted(of.name)})"


def _test(how: elements.Comparison, word: str, own: str, words: str) -> str:
    if how is exp.EQ:
        return f"MV_CONTAINS({own}, {quoted(word)})"
    if " " in word:
        raise Unsupported("starts_with and ends_with of a text with a blank in it")
    part = pattern(word)
    return f"{words} LIKE {quoted(f'* {part}*' if how is exp.StartsWith else f'*{part} *')}"
