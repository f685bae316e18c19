"""`mcpsoar pack selftest`: what a person pastes, all of it or of one rule, and a mistake told in one line."""

import json
from typing import Any

import pytest

from mcpsoar.pack import rules
from tests.flow.typed import ran
from tests.languages import esql, spl
from tests.targets.spl.splunk import ROOT

CASES = [f"{rule.id}: {case.name}" for rule in rules.load(ROOT) for case in rule.cases]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda *words: ran(capsys, "pack", "selftest", *words)


@pytest.mark.parametrize("siem", ["splunk", "elastic"])
def test_every_case_is_there(run: Any, siem: str) -> None:
    done = run(siem, "--format", "json")
    told = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert [one["case"] for one in told["checks"]] == CASES


def test_what_is_printed_can_be_pasted_with_its_comment(run: Any) -> None:
    blocks = run("splunk", "call_chain_too_deep").out.strip().split("\n\n")
    assert len(blocks) == sum(name.startswith("call_chain_too_deep: ") for name in CASES)
    for block in blocks:
        comment, _, query = block.partition("\n")
        assert comment.startswith("``` call_chain_too_deep: ")
        (row,) = spl.run(query, [], now_ms=0)
        assert row["verdict"] == "ok"
    for block in run("elastic", "call_chain_too_deep").out.strip().split("\n\n"):
        comment, _, query = block.partition("\n")
        assert comment.startswith("// call_chain_too_deep: ")
        (row,) = esql.run(query, {}, now_ms=0)
        assert row["verdict"] == "ok"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("qradar",), "no siem named 'qradar'; there are: elastic, splunk"),
        (("splunk", "call_chain_too_dep"), "no rule 'call_chain_too_dep'"),
    ],
)
def test_a_mistake_is_one_line(run: Any, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
