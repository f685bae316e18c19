"""A parsed query: commands in order, expressions with the text that names their column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; several values are a tuple in the order written."""

    value: Any
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function, its name in capitals; `star` is the one argument `*`."""

    name: str
    arguments: tuple[Expression, ...]
    star: bool
    text: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator: AND OR NOT, == != < <= > >=, + - * / % NEG, IN, IS NULL, LIKE, RLIKE."""

    operator: str
    operands: tuple[Expression, ...]
    text: str


Expression = Literal | Name | Call | Apply


@dataclass(frozen=True, slots=True)
class Assigned:
    """`name = expression`, or an expression whose text is its name; `condition` only inside STATS."""

    name: str
    expression: Expression
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class From:
    patterns: tuple[str, ...]
    metadata: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    columns: tuple[Assigned, ...]


@dataclass(frozen=True, slots=True)
class Where:
    condition: Expression


@dataclass(frozen=True, slots=True)
class Eval:
    columns: tuple[Assigned, ...]


@dataclass(frozen=True, slots=True)
class Stats:
    aggregates: tuple[Assigned, ...]
    by: tuple[Assigned, ...]
    inline: bool


@dataclass(frozen=True, slots=True)
class Keep:
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drop:
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rename:
    """Pairs of old and new name, applied one after the other."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    expression: Expression
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Sort:
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    count: int


@dataclass(frozen=True, slots=True)
class Expand:
    column: str


@dataclass(frozen=True, slots=True)
class Lookup:
    index: str
    columns: tuple[str, ...]


Source = From | Row
Command = Where | Eval | Stats | Keep | Drop | Rename | Sort | Limit | Expand | Lookup


@dataclass(frozen=True, slots=True)
class Query:
    source: Source
    commands: tuple[Command, ...]
