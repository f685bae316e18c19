"""Mutants of a Sigma rule: its detection with one value, item, selection, operator or modifier changed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import yaml

from mcpsoar.core.content import RuleText
from mcpsoar.core.event import Column
from mutants.mutant import Mutant, Names

Detection = dict[str, Any]
Changed = tuple[str, Detection]
_ORDERS = {"gt": ("gte", "lt"), "gte": ("gt", "lte"), "lt": ("lte", "gt"), "lte": ("lt", "gte")}
_JOINS = re.compile(r"\s+(and|or)\s+")


def mutants(rule: RuleText, columns: Sequence[Column]) -> Iterator[Mutant[RuleText]]:
    """Each with an id of its own. What Sigma or the bridge refuses is for the caller to find out."""
    value = yaml.safe_load(rule.text)
    enums = {column.name: column.values for column in columns if column.values}
    named = Names()
    for at, (name, detection) in enumerate(_changed(value["detection"], enums)):
        text = yaml.safe_dump({**value, "detection": detection}, sort_keys=False)
        yield Mutant(rule.id, named(name), replace(rule, id=f"{rule.id}.{at}", text=text))


def _changed(detection: Detection, enums: Mapping[str, Sequence[str]]) -> Iterator[Changed]:
    for selection, items in detection.items():
        if selection == "condition" or not isinstance(items, dict):
            continue
        for key, value in items.items():
            for name, new_key, new in _items(key, value, enums):
                changed = deepcopy(detection)
                changed[selection] = {
                    **{other: items[other] for other in items if other != key},
                    **({} if new_key is None else {new_key: new}),
                }
                if changed[selection]:
                    yield f"{selection}: {name}", changed
    for name, condition, dropped in _conditions(detection):
        changed = {key: deepcopy(detection[key]) for key in detection if key != dropped}
        yield name, {**changed, "condition": condition}


def _items(key: str, value: Any, enums: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str | None, Any]]:
    """One item, changed: what was done, the new key (None for a dropped item) and the new value."""
    yield f"drop {key}", None, None
    field, *modifiers = key.split("|")
    for at, modifier in enumerate(modifiers):
        if modifier != "exists":  # without it, the truth is no value of the column
            yield (
                f"{key} without |{modifier}",
                "|".join([field, *modifiers[:at], *modifiers[at + 1 :]]),
                value,
            )
        for other in _ORDERS.get(modifier, ()):
            yield f"{key}: |{modifier} to |{other}", "|".join([field, *modifiers[:at], other]), value
    listed = value if isinstance(value, list) else [value]
    for at, one in enumerate(listed):
        if len(listed) > 1:
            yield f"{key} without {one!r}", key, [*listed[:at], *listed[at + 1 :]]
        for new in _values(field, one, listed, enums):
            put = [*listed[:at], new, *listed[at + 1 :]]
            yield f"{key}: {one!r} to {new!r}", key, put if isinstance(value, list) else new


def _values(
    field: str, value: Any, listed: Sequence[Any], enums: Mapping[str, Sequence[str]]
) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value - 1, value + 1)
    elif isinstance(value, str) and field in enums:
        yield next(one for one in enums[field] if one not in listed)
    elif isinstance(value, str):
        yield f"{value}x"


def _conditions(detection: Detection) -> Iterator[tuple[str, str, str | None]]:
    """The condition, changed: what was done, the new condition, and the selection that goes with it."""
    condition = detection["condition"]
    parts = _JOINS.split(condition)
    terms, joins = parts[::2], parts[1::2]
    for at, join in enumerate(joins):
        other = "or" if join == "and" else "and"
        yield (
            f"condition: {join} to {other} before {terms[at + 1]}",
            _joined(terms, _put(joins, at, other)),
            None,
        )
    for at, term in enumerate(terms):
        if len(terms) > 1:
            left = [*terms[:at], *terms[at + 1 :]]
            kept = [*joins[: max(at - 1, 0)], *joins[max(at, 1) :]]
            yield f"condition: drop {term}", _joined(left, kept), None
        bare = term.removeprefix("not ")
        turned = bare if term != bare else f"not {term}"
        yield f"condition: {term} to {turned}", _joined(_put(terms, at, turned), joins), None
        if " of " in bare:
            quantity, _, pattern = bare.partition(" of ")
            named = [name for name in detection if name != "condition" and fnmatchcase(name, pattern)]
            for name in named if len(named) > 1 else ():
                yield f"drop {name}", condition, name
            other = "all" if quantity == "1" else "1"
            if len(named) > 1:
                new = term.replace(f"{quantity} of", f"{other} of")
                yield f"condition: {term} to {new}", _joined(_put(terms, at, new), joins), None


def _put(some: Sequence[str], at: int, new: str) -> list[str]:
    return [*some[:at], new, *some[at + 1 :]]


def _joined(terms: Sequence[str], joins: Sequence[str]) -> str:
    return terms[0] + "".join(f" {join} {term}" for join, term in zip(joins, terms[1:], strict=True))
