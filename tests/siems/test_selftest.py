"""What a person pastes into a SIEM says that it is right, and says so when the rule is not."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.pack import rules
from mcpsoar.siems.checks import NOTHING, Check
from mcpsoar.siems.in_elastic import selftest as elastic
from mcpsoar.siems.in_splunk import selftest as splunk
from tests.languages import esql, spl
from tests.languages.esql import elastic_parser
from tests.targets.es.ground import columns
from tests.targets.spl.splunk import COLUMNS, ROOT

RULES = rules.load(ROOT)


def without(query: str, asks: str, then: str) -> str:
    """The same without what the rule asks."""
    before, _, after = query.partition(asks)
    return before + then + after.partition(then)[2]


@dataclass(frozen=True)
class Kit:
    """One SIEM: its checks, how a query is run, and how its rule is made to find nothing, or everything."""

    checks: tuple[Check, ...]
    run: Callable[[str], list[dict[str, Any]]]
    nothing: Callable[[str], str]
    everything: Callable[[str], str]

    def verdict(self, check: Check, query: str) -> str:
        (row,) = self.run(query)
        assert row["case"] == check.name
        assert row["expected"] == check.expected
        return str(row["verdict"])


KITS = {
    "splunk": Kit(
        tuple(splunk.checks(RULES, COLUMNS)),
        lambda query: spl.run(query, [], now_ms=0),
        lambda query: query.replace("| search ", '| search status="none" '),
        lambda query: without(query, "| search ", "| stats "),
    ),
    "elastic": Kit(
        tuple(elastic.checks(RULES, columns())),
        lambda query: esql.run(query, {}, now_ms=0),
        lambda query: query.replace("| STATS ", '| WHERE place == "x"\n| STATS '),
        lambda query: without(query, "| WHERE ", "| STATS "),
    ),
}
EVERY = [(kit, check) for kit in KITS.values() for check in kit.checks]


@pytest.mark.parametrize(
    ("kit", "check"), EVERY, ids=[f"{siem}: {one.name}" for siem, kit in KITS.items() for one in kit.checks]
)
def test_a_case_is_right(kit: Kit, check: Check) -> None:
    assert kit.verdict(check, check.query) == "ok"


@pytest.mark.parametrize("kit", KITS.values(), ids=KITS)
def test_every_case_of_every_rule_has_its_query(kit: Kit) -> None:
    assert [check.name for check in kit.checks] == [
        f"{rule.id}: {case.name}" for rule in RULES for case in rule.cases
    ]


@pytest.mark.parametrize("kit", KITS.values(), ids=KITS)
def test_a_rule_that_finds_nothing_is_wrong_where_it_should_find(kit: Kit) -> None:
    check = next(check for check in kit.checks if check.expected != NOTHING)
    assert kit.verdict(check, kit.nothing(check.query)) == "WRONG"


@pytest.mark.parametrize("kit", KITS.values(), ids=KITS)
def test_a_rule_that_finds_everything_is_wrong_where_it_should_not(kit: Kit) -> None:
    check = next(check for check in kit.checks if check.expected == NOTHING)
    assert kit.verdict(check, kit.everything(check.query)) == "WRONG"


def test_every_query_is_syntax_to_elastics_own_parser() -> None:
    module = os.environ.get("MCPSOAR_ESQL_PARSER")
    if not module:
        pytest.skip("MCPSOAR_ESQL_PARSER names no build of Elastic's parser")
    queries = [check.query for check in KITS["elastic"].checks]
    assert elastic_parser.complaints(Path(module), queries) == [[] for _ in queries]
