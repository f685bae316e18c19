"""An expression after its types are known: what every operator and function is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal as Word

from tests.languages.esql import tables
from tests.languages.esql.errors import Refused, Undocumented
from tests.languages.esql.tables import Row, Value

NUMBERS = ("integer", "long", "double")
WHOLE = ("integer", "long")
SINGLE = "single-value function encountered multi-value"


@dataclass(frozen=True, slots=True)
class Session:
    """One run: its clock and the warnings that the response would carry."""

    now_ms: int
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str, reason: str, instead: str = "null") -> None:
        warning = f"evaluation of [{text}] failed, treating result as {instead}: {reason}"
        if warning not in self.warnings:
            self.warnings.append(warning)


@dataclass(frozen=True, slots=True)
class Compiled:
    """`literal`: a constant as written, which alone is cast to other types by itself.

    `normal`: the direct value of a field with a normalizer; `casing`: what TO_LOWER or TO_UPPER gave.
    """

    kind: str
    evaluate: Callable[[Row], Value]
    text: str
    constant: bool = False
    literal: bool = False
    ordered: bool = True
    normal: bool = False
    casing: Word["lower", "upper"] | None = None


def expect(of: Compiled, kinds: Sequence[str], where: str) -> None:
    """A verification error of the product; null passes for every type (null.csv-spec)."""
    if of.kind not in (*kinds, "null"):
        raise Refused(f"{of.text} in [{where}] is {of.kind}, not {' or '.join(kinds)}")


def scalar(
    session: Session, text: str, kind: str, of: Sequence[Compiled], compute: Callable[..., Value]
) -> Compiled:
    """The common function: several values give null and a warning, a null gives null.

    Page "Multivalued fields", section Functions; page "Working with NULL values" says *many* of null, so a
    function comes here only where its own page or a csv-spec shows null in, null out.
    """

    def evaluate(row: Row) -> Value:
        values = [one.evaluate(row) for one in of]
        if any(isinstance(one, tuple) for one in values):
            session.warn(text, SINGLE)
            return None
        return None if None in values else compute(*values)

    return Compiled(kind, evaluate, text, constant=all(one.constant for one in of))


def each(
    text: str,
    kind: str,
    of: Compiled,
    compute: Callable[[Value], Value],
    *,
    casing: Word["lower", "upper"] | None = None,
) -> Compiled:
    """A function that its page gives for single- and multi-valued input: value by value, failures left out.

    row.csv-spec, convertMvToMvDifferentCardinality: of ["1", "2", "three"] two numbers remain.
    """

    def evaluate(row: Row) -> Value:
        return several([compute(one) for one in values_of(of.evaluate(row))])

    return Compiled(kind, evaluate, text, constant=of.constant, ordered=of.ordered, casing=casing)


def values_of(value: Value) -> tuple[Value, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def several(values: Sequence[Value]) -> Value:
    kept = [one for one in values if one is not None]
    if len(kept) > 1:
        return tuple(kept)
    return kept[0] if kept else None


def widest(of: Sequence[Compiled], where: str) -> str:
    """The one type of several branches; numbers widen (conditional and null csv-spec: mixed numeric)."""
    kinds = {one.kind for one in of} - {"null"}
    if not kinds:
        return "null"
    if kinds <= set(NUMBERS):
        return next(kind for kind in reversed(NUMBERS) if kind in kinds)
    if len(kinds) > 1:
        raise Refused(f"[{where}] mixes {' and '.join(sorted(kinds))}")
    return kinds.pop()


def widened(value: Value, kind: str) -> Value:
    if kind != "double" or value is None:
        return value
    return tuple(map(exact, value)) if isinstance(value, tuple) else exact(value)


def exact(number: float) -> float:
    """A whole number as a double; raises Undocumented where digits would be lost."""
    if abs(number) > 2**53 and int(float(number)) != number:
        raise Undocumented(f"{number} as a double")
    return float(number)


def in_normal_form(of: Compiled, other: Compiled, value: Value) -> None:
    """A constant beside a field with a normalizer must be in the normal form itself.

    Pushed to the search index the constant is normalised, elsewhere the stored value is compared as it is:
    elastic/elasticsearch#103896, open. The two differ only here.
    """
    if of.normal and other.constant:
        for one in values_of(value):
            if isinstance(one, str) and one != tables.lowered(one):
                raise Undocumented(f"{of.text} has a normalizer and is compared with {one!r}")
