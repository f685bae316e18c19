"""What a person pastes into Elastic says that it is right, and says so when the rule is not."""

import os
from pathlib import Path

import pytest

from mcpsoar.pack import rules
from mcpsoar.siems.checks import NOTHING, Check
from mcpsoar.siems.in_elastic import selftest
from tests.languages.esql import elastic_parser, run
from tests.targets.es.ground import ROOT, columns

RULES = rules.load(ROOT)
CHECKS = tuple(selftest.checks(RULES, columns()))


def verdict(check: Check, query: str) -> str:
    (row,) = run(query, {}, now_ms=0)
    assert row["case"] == check.name
    assert row["expected"] == check.expected
    return str(row["verdict"])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_case_is_right(check: Check) -> None:
    assert verdict(check, check.query) == "ok"


def test_every_case_of_every_rule_has_its_query() -> None:
    assert [check.name for check in CHECKS] == [
        f"{rule.id}: {case.name}" for rule in RULES for case in rule.cases
    ]


def test_a_rule_that_finds_nothing_is_wrong_where_it_should_find() -> None:
    check = next(check for check in CHECKS if check.expected != NOTHING)
    assert verdict(check, check.query.replace("| STATS ", '| WHERE place == "x"\n| STATS ')) == "WRONG"


def test_a_rule_that_finds_everything_is_wrong_where_it_should_not() -> None:
    check = next(check for check in CHECKS if check.expected == NOTHING)
    before, _, after = check.query.partition("| WHERE ")
    assert verdict(check, before + "| STATS " + after.partition("| STATS ")[2]) == "WRONG"


def test_every_query_is_syntax_to_elastics_own_parser() -> None:
    module = os.environ.get("MCPSOAR_ESQL_PARSER")
    if not module:
        pytest.skip("MCPSOAR_ESQL_PARSER names no build of Elastic's parser")
    queries = [check.query for check in CHECKS]
    assert elastic_parser.complaints(Path(module), queries) == [[] for _ in queries]
