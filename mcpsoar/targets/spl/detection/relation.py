"""A relation of SQL as results of one search: which of them are its rows, which fields its columns.

Every row is an event, and a group is the first event of it: so one pipeline holds all that a statement names
in WITH, and no two searches are ever joined.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.spl.held import Held

ANSWER = "answer"  # of a column that stands for what was computed: its field
Keys = frozenset[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Field:
    """`is_flag`: 0 or 1, and never null. `is_column`: the dictionary's own, so never an empty text."""

    held: Held
    is_flag: bool = False
    is_column: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """`member` is a field that is 1 for its rows. `keys`: sets of columns that tell any two of them apart."""

    member: str
    fields: Mapping[str, Field]
    keys: Keys = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a SELECT sees: relations under their aliases, whose common rows are those of `member`."""

    member: str
    parts: Mapping[str, Mapping[str, Field]]
    keys: Keys = field(default_factory=frozenset)  # of "alias.column"

    def find(self, column: exp.Column) -> tuple[str, Field]:
        """Its qualified name, and the field. Raises Unsupported."""
        if ANSWER in column.meta:
            return "", column.meta[ANSWER]
        for alias, fields in self.parts.items():
            if column.table in ("", alias) and column.name in fields:
                return f"{alias}.{column.name}", fields[column.name]
        raise Unsupported(f"{column.sql('duckdb')} is no column there")

    def resolved(self, node: exp.Expr) -> tuple[exp.Expr, dict[str, Held]]:
        """The tree with fields for columns, and what they hold."""
        held: dict[str, Held] = {}

        def known(one: exp.Expr) -> exp.Expr:
            if not isinstance(one, exp.Column):
                return one
            _, found = self.find(one)
            held[found.held.text] = found.held
            return exp.column(exp.to_identifier(found.held.text, quoted=True))

        return node.copy().transform(known), held


def given(found: Field) -> exp.Expr:
    """A column that is a field already."""
    made = exp.column(found.held.text)
    made.meta[ANSWER] = found
    return made


def narrowed(keys: Keys, fixed: Iterable[str]) -> Keys:
    """Keys of rows that are all alike in the `fixed` columns."""
    return frozenset(key - frozenset(fixed) for key in keys)


def fixed_by(parts: Sequence[exp.Expr], scope: Scope) -> set[str]:
    """The columns that a condition lets have one value alone."""
    return {
        scope.find(one.this)[0]
        for one in parts
        if isinstance(one, exp.EQ)
        and isinstance(one.this, exp.Column)
        and isinstance(one.expression, exp.Literal)
    }
