"""The table says that languages differ, and that a rule is refused."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from mcpsoar.core.content import RuleText
from tests.equality import __main__ as table
from tests.equality import detections, gates
from tests.equality.asked import RULES
from tests.equality.languages import Facts, Found, in_esql, in_sql

FEW = RULES[:2]
EVENTS = tuple(event for rule in FEW for case in rule.cases for event in case.events)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "RULES", FEW)
    monkeypatch.setattr(table, "events", lambda: EVENTS)
    monkeypatch.setattr(gates, "differences", lambda *_: {"registry-drift": Counter[str]()})
    monkeypatch.setattr(
        detections, "rows", lambda: [("error_loop", 3, {"SPL": 0, "ES|QL": "no word for it"})]
    )


def told(
    monkeypatch: pytest.MonkeyPatch, language: Callable[[Sequence[RuleText], Sequence[Facts]], Found]
) -> int:
    monkeypatch.setattr(table, "LANGUAGES", {"SQL": in_sql, "ES|QL": language})
    return table.main([])


def test_languages_that_agree_are_a_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(monkeypatch, in_esql) == 0
    out = capsys.readouterr().out
    assert "0 differences" in out
    assert "ES|QL: no word for it" in out


def test_one_event_more_is_a_difference(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def wider(rules: Sequence[RuleText], events: Sequence[Facts]) -> Found:
        found = in_sql(rules, events)
        missed = next(at for at in range(len(events)) if at not in found[FEW[0].id])
        return {**found, FEW[0].id: (*tuple(map(int, found[FEW[0].id])), missed)}

    assert told(monkeypatch, wider) == 1
    assert "≠ 1" in capsys.readouterr().out


def test_a_refusal_is_no_difference_and_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(monkeypatch, lambda rules, events: {**in_sql(rules, events), FEW[1].id: "no such word"}) == 0
    out = capsys.readouterr().out
    assert "ES|QL: no such word" in out
    assert "0 differences" in out


def test_a_gate_that_is_judged_otherwise_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "differences", lambda *_: {"registry-drift": Counter({"SPL": 1})})
    assert told(monkeypatch, in_esql) == 1


def test_a_detection_that_finds_others_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    def planted(name: str, events: Sequence[Facts]) -> list[tuple[str, int, str]]:
        return in_spl(name, events)[1:]

    target, in_spl = detections.LANGUAGES["SPL"]
    monkeypatch.undo()
    monkeypatch.setattr(detections, "LANGUAGES", {"SPL": (target, planted)})
    ((_, matches, off),) = detections.rows(["error_loop"])
    assert off["SPL"]
    assert matches


@pytest.mark.parametrize("language", gates.LANGUAGES)
def test_a_gate_that_a_language_judges_otherwise_is_counted(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(gates, "LANGUAGES", {language: lambda *_: lambda _: False})
    assert all(by[language] for by in gates.differences(2).values())


def test_every_language_is_asked_of_the_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    found = gates.differences(2)
    assert len(found) == 5
    assert not any(found.values())
