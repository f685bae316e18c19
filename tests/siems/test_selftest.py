"""What a person pastes into a SIEM says that it is right, and says so when what it asks is not."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import selftesting
from mcpsoar.core.verdict import Verdict
from mcpsoar.pack import rules
from mcpsoar.siems import asked, installed
from mcpsoar.siems.asked import Content, Options
from mcpsoar.siems.checks import Check
from mcpsoar.siems.checks.cases import Asked
from tests.languages import esql, spl
from tests.languages.esql import elastic_parser
from tests.targets.spl.splunk import ROOT

RUN: dict[str, Callable[[str], list[dict[str, Any]]]] = {
    "splunk": lambda query: spl.run(query, [], now_ms=0),
    "elastic": lambda query: esql.run(query, {}, now_ms=0),
}
RULES = sorted(path.stem for path in (ROOT / "sigma_rules").rglob("*.yml"))
GATES = sorted(path.stem for path in (ROOT / "sql" / "gates").glob("*.sql"))
DETECTIONS = sorted(path.stem for path in (ROOT / "sql" / "detections").glob("*.sql"))
UNSAID = {  # what ES|QL cannot say (tests/targets/es/test_detections.py)
    "splunk": set[str](),
    "elastic": {
        "fan_out_spike",
        "first_seen_client_on_server",
        "first_seen_tool_after_retrieval",
        "output_volume_spike",
    },
}
TOO_LONG = {
    "splunk": {"scope-mismatch", "calls_beyond_daily_budget", "output_volume_spike"},
    "elastic": {"scope-mismatch", "calls_beyond_daily_budget"},
}


@cache
def content() -> Content:
    return asked.content(ROOT, Options())


@cache
def cases(*ids: str) -> tuple[Asked, ...]:
    return tuple(selftesting.cases(content(), ids, ROOT))


@cache
def checks(siem: str, *ids: str) -> tuple[Check, ...]:
    return tuple(installed.siem(siem).checks(cases(*ids), content()))


def of(siem: str, id_: str) -> list[Check]:
    """Those of one rule, gate or detection; all of a kind are made at once."""
    kind = next(one for one in (RULES, GATES, DETECTIONS) if id_ in one)
    return [one for one in checks(siem, *kind) if one.name.startswith(f"{id_}: ")]


def verdict(siem: str, check: Check, query: str) -> str:
    (row,) = RUN[siem](query)
    assert row["case"] == check.name
    assert row["expected"] == check.expected
    return str(row["verdict"])


def check_of(siem: str, id_: str, case: str) -> Check:
    (found,) = [one for one in of(siem, id_) if one.name == f"{id_}: {case}"]
    return found


@pytest.mark.timeout(300)  # some cases have hundreds of events
@pytest.mark.parametrize("siem", RUN)
@pytest.mark.parametrize("id_", [*RULES, *GATES, *DETECTIONS])
def test_every_case_is_right_or_tells_why_there_is_no_search(siem: str, id_: str) -> None:
    found = of(siem, id_)
    assert found
    for check in found:
        assert bool(check.query) != bool(check.why)
        if check.query:
            assert verdict(siem, check, check.query) == "ok", check.name
    unsaid = [check for check in found if check.why]
    if id_ in UNSAID[siem]:
        assert len(unsaid) == len(found)
    else:
        assert bool(unsaid) == (id_ in TOO_LONG[siem])
        assert all("characters" in one.why or "events" in one.why for one in unsaid)
        assert len(unsaid) < len(found)


@pytest.mark.parametrize("siem", RUN)
def test_no_case_is_left_out(siem: str) -> None:
    made = content()
    wanted = [f"{rule.id}: {case.name}" for rule in made.rules for case in rule.cases]
    wanted += [f"{one.text.id}: {case.name}" for one in made.gates for case in one.text.cases]
    wanted += [f"{one.text.id}: {case.name}" for one in made.detections for case in one.text.cases]
    found = [one.name for kind in (RULES, GATES, DETECTIONS) for one in checks(siem, *kind)]
    assert sorted(found) == sorted(wanted)


KINDS = (
    ("call_chain_too_deep", "the eighth call of a chain, not the seventh", "001"),
    ("manifest-drift", "another manifest outside the window, no ticket", "page 2 warned 0"),
    ("scope-mismatch", "three of three hundred are exactly one per cent", "page 3/301 warned 0"),
    ("injection_then_write", "the third call after is a write", "1: e4 files"),
)


@pytest.mark.parametrize("siem", RUN)
@pytest.mark.parametrize(("id_", "case", "expected"), KINDS)
def test_another_answer_than_the_expected_is_wrong(siem: str, id_: str, case: str, expected: str) -> None:
    (own,) = [one for one in cases(id_) if one.case.name == case]
    assert own.expected != expected
    (check,) = installed.siem(siem).checks([replace(own, expected=expected)], content())
    assert verdict(siem, check, check.query) == "WRONG"


# each a threshold, identities, the window's end, the case's own list, a floor, how far back a match looks
REPAIRED = {
    "the eighth call of a chain, not the seventh": (
        "call_chain_too_deep",
        {"splunk": (">=8", ">=9"), "elastic": (">= 8", ">= 9")},
    ),
    "a repeat counts once, the same id at another time again": (
        "unapproved-write-calls",
        {
            "splunk": ("| dedup event_id event_ms keepempty=true\n", ""),
            "elastic": ("BY event.id, @timestamp, alone", "BY event.id, @timestamp, alone, _id"),
        },
    ),
    "the window is half open: ten minutes ago is inside, at the tick is not": (
        "unapproved-write-calls",
        {"splunk": (" AND _time<", " AND 0<"), "elastic": (" AND @timestamp <", " OR @timestamp <")},
    ),
    "approved by the registry and not on the list": (
        "registry-drift",
        {"splunk": ('="crm"', '!="crm"'), "elastic": ('IN ("crm")', 'IN ("shadow", "github")')},
    ),
    "one per cent of a thin sample only warns": (
        "scope-mismatch",
        {
            "splunk": ("judged>=100", "judged>=1"),
            "elastic": ("tuned.min_denominator, 100)", "tuned.min_denominator, 1)"),
        },
    ),
    "the third call after is a write": (
        "injection_then_write",
        {"splunk": ("window=3", "window=2"), "elastic": ("subject = ", 'subject = "x", former = ')},
    ),
}


@pytest.mark.parametrize("siem", RUN)
@pytest.mark.parametrize("case", REPAIRED)
def test_a_search_without_a_repair_is_wrong(siem: str, case: str) -> None:
    id_, repairs = REPAIRED[case]
    repair, without = repairs[siem]
    check = check_of(siem, id_, case)
    assert repair in check.query
    assert verdict(siem, check, check.query.replace(repair, without)) == "WRONG"


@pytest.mark.parametrize("siem", RUN)
def test_a_search_reads_nothing_of_the_siem(siem: str) -> None:
    """No index, lookup or macro, and no clock."""
    queries = [one.query for kind in (RULES, GATES, DETECTIONS) for one in checks(siem, *kind)]
    words = {
        "splunk": ("| lookup ", "inputlookup", "now()"),
        "elastic": ("FROM logs", "LOOKUP JOIN", "NOW()"),
    }
    for query in filter(None, queries):
        assert query.startswith({"splunk": "| makeresults ", "elastic": "ROW "}[siem])
        assert not any(word in query for word in words[siem])
        assert siem != "splunk" or "`" not in query


def users(folder: Path, asks: str, **facts: Any) -> list[Asked]:
    """The one case of a rule of a user's own, which finds its one event."""
    (shipped,) = (one for one in content().rules if one.id == "call_chain_too_deep")
    (folder / "sigma_rules").mkdir()
    path = folder / "sigma_rules" / "own.yml"
    path.write_text(shipped.text.replace("chain_depth|gte: 8", asks))
    event = {"event_time": "2026-03-01T03:00:00Z", "event_id": "e1", **facts}
    case = {"name": "one", "kind": "positive", "events": [event]}
    path.with_name("own.cases.json").write_text(json.dumps({"cases": [case]}))
    made = replace(content(), rules=rules.load(folder), gates=(), detections=())
    return list(selftesting.cases(made, (), folder))


@pytest.mark.parametrize(
    ("siem", "why"),
    [
        ("splunk", "rule own: event_time|hour: parts of a time (target splunk)"),
        ("elastic", "rule own: event_time|hour: parts of a time (target esql)"),
    ],
)
def test_a_rule_of_a_user_that_is_refused_is_told_with_the_reason(
    siem: str, why: str, tmp_path: Path
) -> None:
    own = users(tmp_path, "event_time|hour: 3")
    assert list(installed.siem(siem).checks(own, content())) == [Check("own: one", "", "000", why)]


def test_an_event_that_splunk_would_cut_is_told_with_the_reason(tmp_path: Path) -> None:
    own = users(tmp_path, "chain_depth|gte: 8", chain_depth=8, arguments="x" * 5000)
    (check,) = installed.siem("splunk").checks(own, content())
    assert (check.query, check.expected) == ("", "000")
    assert check.why.startswith("an event of 50")
    (check,) = installed.siem("elastic").checks(own, content())
    assert verdict("elastic", check, check.query) == "ok"


def test_what_cannot_be_asked_is_no_answer_and_no_question() -> None:
    class Silent:
        def ask(self, query: str) -> list[dict[str, Any]]:
            raise AssertionError(query)

        def close(self) -> None: ...

    check = Check("own: one", "", "000", "a reason")
    (answer,) = selftesting.answers([check], Silent())
    assert (answer.verdict, answer.why) == (Verdict.CANNOT_TELL, "a reason")


@pytest.mark.timeout(900)
def test_every_query_is_syntax_to_elastics_own_parser() -> None:
    module = os.environ.get("MCPSOAR_ESQL_PARSER")
    if not module:
        pytest.skip("MCPSOAR_ESQL_PARSER names no build of Elastic's parser")
    every = [one for kind in (RULES, GATES, DETECTIONS) for one in checks("elastic", *kind)]
    queries = [one.query for one in every if one.query]
    for start in range(0, len(queries), 50):
        some = queries[start : start + 50]
        assert elastic_parser.complaints(Path(module), some) == [[] for _ in some]
