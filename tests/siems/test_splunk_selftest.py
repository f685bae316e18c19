"""What a person pastes into Splunk says that it is right, and says so when the rule is not."""

import pytest

from mcpsoar.pack import rules
from mcpsoar.siems.checks import NOTHING, Check
from mcpsoar.siems.in_splunk import selftest
from tests.languages.spl import run
from tests.targets.spl.splunk import COLUMNS, ROOT

RULES = rules.load(ROOT)
CHECKS = tuple(selftest.checks(RULES, COLUMNS))


def verdict(check: Check, query: str) -> str:
    (row,) = run(query, [], now_ms=0)
    assert row["case"] == check.name
    assert row["expected"] == check.expected
    return str(row["verdict"])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_case_is_right(check: Check) -> None:
    assert verdict(check, check.query) == "ok"


def test_every_case_of_every_rule_has_its_search() -> None:
    assert [check.name for check in CHECKS] == [
        f"{rule.id}: {case.name}" for rule in RULES for case in rule.cases
    ]


def test_a_rule_that_finds_nothing_is_wrong_where_it_should_find() -> None:
    check = next(check for check in CHECKS if check.expected != NOTHING)
    assert verdict(check, check.query.replace("| search ", '| search status="none" ')) == "WRONG"


def test_a_rule_that_finds_everything_is_wrong_where_it_should_not() -> None:
    check = next(check for check in CHECKS if check.expected == NOTHING)
    before, _, after = check.query.partition("| search ")
    assert verdict(check, before + "| stats " + after.partition("| stats ")[2]) == "WRONG"
