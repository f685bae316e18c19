"""An old pack, a user's tuning, and a new pack: what changed is new, and what the user said stands."""

from dataclasses import replace
from typing import Any

import pytest

from mcpsoar.siems import asked, elastic
from mcpsoar.siems.asked import Content
from mcpsoar.siems.objects import Item
from tests.siems.elastic import built
from tests.siems.elastic.test_tuning import OVERLAY

USERS = ("lookup_index", "lookup_document", "exception_list", "exception_item")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Content:
    path = tmp_path_factory.mktemp("overlay") / "overlay.yml"
    path.write_text(OVERLAY)
    return asked.content(built.ROOT, built.options(tier="platinum"), path)


def named(items: tuple[Item, ...]) -> dict[tuple[str, str], Any]:
    return {(item.kind, item.name): item.body for item in items}


def test_a_new_version_changes_its_own_and_nothing_that_the_user_said(old: Content) -> None:
    (shadow,) = [rule for rule in old.rules if rule.id == "shadow_server_in_production"]
    text = shadow.text.replace("- production\n      - prod\n", "- production\n")
    assert text != shadow.text
    rules = [replace(rule, text=text, level="high") if rule is shadow else rule for rule in old.rules]
    (gate,) = [one for one in old.gates if one.text.id == "scope-mismatch"]
    looser = replace(gate, text=replace(gate.text, min_numerator=5))
    gates = [looser if one is gate else one for one in old.gates]
    new = replace(old, rules=tuple(rules), gates=tuple(gates))
    before, after = named(elastic.make().items(old)), named(elastic.make().items(new))
    assert before.keys() == after.keys()
    assert {key: body for key, body in before.items() if key[0] in USERS} == {
        key: body for key, body in after.items() if key[0] in USERS
    }
    changed = {key for key in before if before[key] != after[key] and key[0] == "detection_rule"}
    was, now = (items["detection_rule", shadow.uuid] for items in (before, after))
    assert ("detection_rule", shadow.uuid) in changed
    assert len(changed) == 2
    assert {key for key in was if was[key] != now[key]} == {"query"}
    assert (now["severity"], now["interval"]) == ("low", "15m")
    assert "COALESCE(tuned.min_numerator, 5)" in _query(after, "MCP gate: Calls ask for more than their")


def test_a_rule_that_is_gone_takes_no_one_elses_tuning_along(old: Content) -> None:
    new = replace(old, rules=old.rules[1:])
    before, after = named(elastic.make().items(old)), named(elastic.make().items(new))
    gone = {key for key in before.keys() - after.keys() if key[0] != "saved_object"}
    assert gone == {("detection_rule", old.rules[0].uuid)}


def _query(items: dict[tuple[str, str], Any], title: str) -> str:
    rules = [body for (kind, _), body in items.items() if kind == "detection_rule"]
    (query,) = [body["query"] for body in rules if body["name"].startswith(title)]
    return str(query)
