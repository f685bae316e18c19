"""Refusals by name: what a target cannot say is an error with a place, never a query that means less."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sigma.types import (
    Placeholder,
    SigmaExpansion,
    SigmaString,
    SigmaType,
    SpecialChars,
)

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.rule.reading import Item, Parsed

Why = Callable[[Item, SigmaType], str | None]


@dataclass(frozen=True, slots=True)
class Refusals:
    """What one target refuses: kinds of value with the reason, and questions asked about every value."""

    target: str
    kinds: Mapping[type[SigmaType], str]
    questions: tuple[Why, ...] = ()


def check(parsed: Parsed, refusals: Refusals) -> None:
    """Raise Unsupported, naming the rule, the item and its file:line, for the first thing refused."""
    for item in parsed.items:
        for value in _flat(item.values):
            why = refusals.kinds.get(type(value)) or _asked(refusals, item, value)
            if why:
                raise unsupported(parsed, item, why, refusals.target)


def unsupported(parsed: Parsed, item: Item, why: str, target: str) -> Unsupported:
    """The one wording of a refusal."""
    return Unsupported(f"rule {parsed.text.id}: {item.key}: {why} (target {target})", where=item.where)


def placeholder(_item: Item, value: SigmaType) -> str | None:
    """`|expand` needs a list of values that nobody gives."""
    if isinstance(value, SigmaString) and any(isinstance(part, Placeholder) for part in value.s):
        return "|expand has no list to expand from"
    return None


def literal_wildcard(_item: Item, value: SigmaType) -> str | None:
    """An asterisk or question mark that is meant as itself."""
    if isinstance(value, SigmaString):
        literal = "".join(part for part in value.s if isinstance(part, str))
        if "*" in literal or "?" in literal:
            return "a literal * or ? cannot be escaped there"
    return None


def single_wildcard(_item: Item, value: SigmaType) -> str | None:
    """`?`, which some targets widen to `*`."""
    if isinstance(value, SigmaString) and SpecialChars.WILDCARD_SINGLE in value.s:
        return "the wildcard ? would be widened to *"
    return None


def keyword(item: Item, _value: SigmaType) -> str | None:
    """A value without a field."""
    return "keywords search raw text; name the column" if item.field is None else None


def _asked(refusals: Refusals, item: Item, value: SigmaType) -> str | None:
    return next((why for ask in refusals.questions if (why := ask(item, value))), None)


def _flat(values: tuple[SigmaType, ...]) -> Iterator[SigmaType]:
    for value in values:
        if isinstance(value, SigmaExpansion):
            yield from _flat(tuple(value.values))
        else:
            yield value
