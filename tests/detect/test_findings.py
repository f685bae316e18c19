"""What rules find in a log, and which of them the log cannot answer at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mcpsoar.app.watch import look
from mcpsoar.core.errors import Usage
from mcpsoar.core.finding import Finding
from mcpsoar.pack import content

ROOT = Path(__file__).resolve().parents[2]
NOW = 1_772_367_000_000
Event = dict[str, Any]


def event(number: int, **more: Any) -> Event:
    return {"event_time": "2026-03-01T12:00:00Z", "event_id": f"e{number}", **more}


def plain(path: Path, events: list[Event]) -> None:
    path.write_text("".join(json.dumps(one) + "\n" for one in events))


def nested(path: Path, events: list[Event]) -> None:
    """An object in a key that is no column makes the engine take whole lines apart."""
    plain(path, [{**one, "extra": {"a": {"b": 1}}} for one in events])


def damaged(path: Path, events: list[Event]) -> None:
    """A line that is no event sends the file through Python."""
    plain(path, events)
    with path.open("a") as out:
        out.write("{]\n")


def parquet(path: Path, events: list[Event]) -> None:
    source = path.with_suffix(".source")
    plain(source, events)
    duckdb.sql(f"COPY (SELECT * FROM read_json('{source}')) TO '{path}' (FORMAT parquet)")


FORMS = (plain, nested, damaged, parquet)


def found(path: Path, *rules: str) -> dict[str, Finding]:
    seen = look([str(path)], pack=ROOT, now_ms=NOW, with_rules=True, rules=rules)
    return {finding.rule: finding for finding in seen.findings}


@pytest.mark.parametrize("write", FORMS)
def test_a_rule_whose_columns_no_event_has_is_told_of_and_not_silently_quiet(
    tmp_path: Path, write: Callable[[Path, list[Event]], None]
) -> None:
    write(tmp_path / "log", [event(1, decision="allow", chain_depth=9), event(2, decision="deny")])
    seen = found(tmp_path / "log", "call_chain_too_deep", "call_fans_out_wide", "denied_call_executed")
    assert {rule: (one.count, one.lacks) for rule, one in seen.items()} == {
        "call_chain_too_deep": (1, ()),
        "call_fans_out_wide": (0, ("fan_out",)),
        "denied_call_executed": (0, ("status",)),
    }


@pytest.mark.parametrize("write", FORMS)
def test_a_derived_column_that_the_log_has_itself_makes_up_for_its_sources(
    tmp_path: Path, write: Callable[[Path, list[Event]], None]
) -> None:
    write(tmp_path / "log", [event(1, decision="allow", audience_match=False)])
    seen = found(tmp_path / "log", "foreign_token_accepted", "write_with_multi_audience_token")
    accepted, several = seen["foreign_token_accepted"], seen["write_with_multi_audience_token"]
    assert (accepted.count, accepted.lacks) == (1, ())
    assert several.lacks == ("token_aud", "action_class")


def test_one_log_of_several_that_has_the_column_is_enough(tmp_path: Path) -> None:
    plain(tmp_path / "one", [event(1)])
    nested(tmp_path / "two", [event(2, fan_out=30)])
    seen = look(
        [str(tmp_path / "one"), str(tmp_path / "two")],
        pack=ROOT,
        now_ms=NOW,
        with_rules=True,
        rules=["call_fans_out_wide"],
    )
    assert [(one.count, one.evidence, one.lacks) for one in seen.findings] == [(1, ("e2",), ())]


def test_rules_are_asked_by_name_or_all_or_none(tmp_path: Path) -> None:
    plain(tmp_path / "log", [event(1)])
    assert set(found(tmp_path / "log", "call_chain_too_deep")) == {"call_chain_too_deep"}
    assert list(found(tmp_path / "log")) == [text.id for text in content.load(ROOT)]
    assert look([str(tmp_path / "log")], pack=ROOT, now_ms=NOW).findings == ()
    with pytest.raises(Usage, match="no rule or detection 'call_chain_to_deep'"):
        found(tmp_path / "log", "call_chain_to_deep")
