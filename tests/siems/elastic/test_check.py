"""A build looks at what it made before it writes it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from mcpsoar.core.errors import BadContent
from mcpsoar.siems.in_elastic.check import check, complaints
from mcpsoar.siems.objects import Item
from tests.siems.elastic import built

PLANTED: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no UUID": (lambda rule: rule.update(rule_id="shadow"), "no UUID"),
    "a UUID in capitals": (lambda rule: rule.update(rule_id=rule["rule_id"].upper()), "no UUID"),
    "no score": (lambda rule: rule.pop("risk_score"), "no risk_score"),
    "a score over 100": (lambda rule: rule.update(risk_score=101), "0 to 100"),
    "too many alerts": (lambda rule: rule.update(max_signals=1001), "1000"),
    "four keys": (lambda rule: rule.update(alert_suppression={"group_by": list("abcd")}), "3 fields"),
    "a gap": (lambda rule: rule.update({"from": "now-5m"}), "comes late"),
    "a list of nobody": (lambda rule: rule["exceptions_list"].append({"list_id": "x"}), "list x"),
    "no query": (lambda rule: rule.update(query=""), "no query"),
}


@pytest.fixture
def items() -> tuple[Item, ...]:
    return built.items(built.options(tenant="organization.id", tier="platinum"))


def test_the_pack_has_no_complaint(items: tuple[Item, ...]) -> None:
    check(items)


@pytest.mark.parametrize(("change", "said"), PLANTED.values(), ids=PLANTED)
def test_a_planted_mistake_stops_the_build(
    change: Callable[[dict[str, Any]], Any], said: str, items: tuple[Item, ...]
) -> None:
    rule = next(item for item in items if item.kind == "detection_rule")
    body = copy.deepcopy(dict(rule.body))
    change(body)
    others = [item for item in items if item is not rule]
    with pytest.raises(BadContent, match=said):
        check([Item(rule.kind, rule.name, body), *others])


def test_two_of_one_name_stop_the_build(items: tuple[Item, ...]) -> None:
    first = items[0]
    assert list(complaints([*items, first])) == [f"{first.kind} {first.name} stands 2 times"]
