"""A rule's text read by pySigma, with the line of every detection item, so that a complaint has a place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sigma.conditions import ConditionFieldEqualsValueExpression, ConditionItem, ConditionValueExpression
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import SigmaNull, SigmaType

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import BadContent
from mcpsoar.kit import yamltext
from mcpsoar.kit.complaints import together

Condition = ConditionItem | ConditionFieldEqualsValueExpression | ConditionValueExpression
_DEEPEST = 64  # what reads and prints a condition goes down as deep as it
_NOT_SELECTIONS = ("condition", "timeframe")


@dataclass(frozen=True, slots=True)
class Item:
    """One `field|modifier: value` of a rule; `field` is None for a keyword."""

    key: str
    field: str | None
    values: tuple[SigmaType, ...]
    where: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A rule as pySigma reads it. A pipeline changes `rule`: read anew for each conversion."""

    text: RuleText
    rule: SigmaRule
    items: tuple[Item, ...]
    conditions: tuple[Condition, ...]


def read(text: RuleText) -> Parsed:
    """Parse one rule. Raises BadContent with every complaint, each with its line."""
    located = yamltext.parse(text.text, text.path)
    complaints: list[BadContent] = []
    found = tuple(_items(located, complaints))
    if complaints:
        raise together(complaints)
    try:
        # from the value, not the text: pySigma's own reader of YAML is another one and may read it otherwise
        rule = SigmaRule.from_dict(located.value, collect_errors=True)
    except (SigmaError, TypeError, RecursionError) as error:
        raise located.bad(_words(error), "detection") from None
    if rule.errors:
        raise together([located.bad(_words(error), *_place(error)) for error in rule.errors])
    return Parsed(text, rule, found, tuple(_conditions(rule, located)))


def items(rule: SigmaRule, where: str) -> tuple[Item, ...]:
    """The items of a rule that pySigma read by itself, so that none has a line of its own."""
    return tuple(
        Item(one.field or "keyword", one.field, tuple(one.value), where)
        for detection in rule.detection.detections.values()
        for one in _flat(detection)
    )


def whole(tree: Condition | None) -> bool:
    """Whether no part is missing: pySigma turns `1 of nothing_*` into None, and would silently drop it."""
    if not isinstance(tree, ConditionItem):
        return True
    return all(child is not None and whole(child) for child in tree.args)


def _flat(detection: SigmaDetection) -> Iterator[SigmaDetectionItem]:
    for one in detection.detection_items:
        if isinstance(one, SigmaDetection):
            yield from _flat(one)
        else:
            yield one


def _items(located: yamltext.Located, complaints: list[BadContent]) -> Iterator[Item]:
    detection = located.value.get("detection") if isinstance(located.value, Mapping) else None
    if not isinstance(detection, Mapping):
        complaints.append(located.bad("has no detection", "detection"))
        return
    conditions = detection.get("condition")
    if not conditions or not all(isinstance(one, str) for one in _listed(conditions)):
        complaints.append(located.bad("condition is a text, or a list of texts", "detection", "condition"))
    for name, definition in detection.items():
        if name in _NOT_SELECTIONS:
            continue
        if not isinstance(name, str):
            complaints.append(located.bad(f"{name!r} is no name; put it in quotes", "detection", str(name)))
            continue
        for at, key, value in _pairs(("detection", name), definition):
            if key == "" or not isinstance(key, str | None):
                complaints.append(located.bad(f"{key!r} is no field; put it in quotes", *at))
                continue
            try:
                item = SigmaDetectionItem.from_mapping(key, value)
            except (ValueError, TypeError, IndexError, RecursionError) as error:  # some slip from pySigma
                complaints.append(located.bad(f"{key or name}: {_words(error)}", *at))
                continue
            if item.field is None and any(isinstance(one, SigmaNull) for one in item.value):
                complaints.append(located.bad(f"{name}: null asks for nothing without a field", *at))
                continue
            where = f"{located.path}:{located.line(at)}"
            yield Item(key or name, item.field, tuple(item.value), where)


def _pairs(at: tuple[str | int, ...], definition: Any) -> Iterator[tuple[Any, Any, Any]]:
    if isinstance(definition, Mapping):
        for key, value in definition.items():
            yield (*at, str(key)), "" if key is None else key, value
    elif isinstance(definition, list) and any(isinstance(one, Mapping | list) for one in definition):
        for index, one in enumerate(definition):
            yield from _pairs((*at, index), one)
    else:
        yield at, None, definition


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _conditions(rule: SigmaRule, located: yamltext.Located) -> Iterator[Condition]:
    for condition in rule.detection.parsed_condition:
        try:
            tree = condition.parsed
            is_deep = tree is not None and _depth(tree) > _DEEPEST
        except SigmaError as error:
            raise located.bad(_words(error), "detection", "condition") from None
        except RecursionError:
            is_deep, tree = True, None
        if is_deep:
            said = f"the condition is nested more than {_DEEPEST} deep"
            raise located.bad(said, "detection", "condition")
        if tree is None or not whole(tree):
            raise located.bad("a part of the condition matches no selection", "detection", "condition")
        yield tree


def _depth(tree: Condition | None) -> int:
    if not isinstance(tree, ConditionItem):
        return 0
    return 1 + max((_depth(child) for child in tree.args), default=0)


def _place(error: SigmaError) -> tuple[str, ...]:
    """The key that an error of pySigma is about, by its class: `SigmaLevelError` is about level."""
    word = type(error).__name__.removeprefix("Sigma").removesuffix("Error").lower()
    return {"identifier": ("id",), "condition": ("detection", "condition")}.get(word, (word,))


def _words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "a regular expression is nested too deep to be read"
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
