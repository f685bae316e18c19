"""Detections asked of logs: the scan that asks gates and rules asks them too."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app.watch import ask, look
from mcpsoar.core.content import DetectionText
from mcpsoar.core.errors import BadContent
from mcpsoar.detect import joined, sheet, statement
from mcpsoar.detect.engines import sqlite
from mcpsoar.detect.engines.duckdb import Connection, connect, rows, run, within
from mcpsoar.detect.files import sources
from mcpsoar.detect.matching import TABLE, place
from mcpsoar.detect.scan import Ask, completed, over_events, over_logs
from mcpsoar.detect.view import View
from mcpsoar.pack import content, detections, schema
from tests.detect.test_findings import FORMS, NOW, Event, event
from tests.laws.user_table import table

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = schema.load(ROOT)
LOOP = [
    event(
        number,
        event_time=f"2026-03-01T12:00:{number:02}Z",
        conversation_id="c1",
        server_name="crm",
        tool_name="find",
        status="ERROR",
    )
    for number in range(12)
]
ENDLESS = "SELECT count(*) FROM range(1000000000000) a(a) WHERE hash(a) = 7"  # heeds a word in every chunk
SQL = """
SELECT event_ms, event_key, actor_id AS subject
FROM mcp_audit
WHERE decision = 'deny'
UNION ALL
SELECT event_ms, event_key, 'everybody' AS subject
FROM mcp_audit
WHERE decision = 'allow'
"""

UNNAMED: list[Event] = [
    event(1, decision="DENY", actor_id="ann"),
    {**event(2, decision="deny", actor_id="bob"), "event_id": None},
    {**event(3, decision="deny", actor_id="bob"), "event_id": "  "},
    event(4, decision="allow", actor_id="cid"),
    event(4, decision="allow", actor_id="a repeat"),
    event(5, decision="allowed"),
]


def mine(sql: str = SQL) -> DetectionText:
    return replace(detections.load(ROOT)[0], id="mine", path=Path("mine.sql"), sql=sql, needs=("decision",))


def asked(*texts: DetectionText) -> Ask:
    return ask(COLUMNS, texts, now_ms=NOW)


@pytest.mark.parametrize("write", FORMS)
def test_a_detection_is_asked_however_the_log_is_written(tmp_path: Path, write: Any) -> None:
    write(tmp_path / "log", [*LOOP, LOOP[0], event(99)])
    seen = look(
        [str(tmp_path / "log")], pack=ROOT, now_ms=NOW, gates=(), with_rules=True, rules=["error_loop"]
    )
    (finding,) = seen.findings
    assert (finding.rule, finding.count, finding.lacks) == ("error_loop", 1, ())
    assert [(hit.event_id, hit.subject) for hit in finding.hits] == [("e9", "c1")]
    assert finding.first_ms == finding.last_ms == 1_772_366_409_000
    assert seen.intake.repeats == 1
    assert (seen.gates, seen.judgements) == ((), ())


def test_several_files_are_one_log_to_a_detection(tmp_path: Path) -> None:
    for part, some in (("a", LOOP[:6]), ("b", LOOP[6:])):
        (tmp_path / part).write_text("".join(json.dumps(one) + "\n" for one in some))
    seen = look(
        [str(tmp_path / "a"), str(tmp_path / "b")],
        pack=ROOT,
        now_ms=NOW,
        with_rules=True,
        rules=["error_loop"],
    )
    assert [finding.count for finding in seen.findings] == [1]
    assert len(seen.judgements) == 5


def test_a_match_without_an_id_counts_and_is_shown_by_its_time_and_subject() -> None:
    events = UNNAMED
    with over_events(events, asked(mine())) as scan:
        finding = scan.finding(scan.ask.detections[0].text)
        assert (finding.count, finding.unnamed) == (4, 2)
        hits = [("e1", "ann"), ("e4", "everybody")]
        shown = [(hit.event_id, hit.subject) for hit in finding.hits]
        assert shown == [*hits, (None, "bob"), (None, "bob")]
        assert finding.evidence == ("e1", "e4")
        assert [(hit.event_id, hit.subject) for hit in scan.hits("mine")] == hits
    assert completed([(scan.ask.detections[0], events)], COLUMNS) == ((0, 1, 2, 3),)


def test_only_a_subject_that_is_a_server_says_whom_to_contain() -> None:
    """An agent may call its conversation by the name of a server that it wants to be gone."""
    events = [event(1, decision="deny", actor_id="crm", server_name="files"), event(2, server_name="crm")]
    for subject, server in (("conversation", "files"), ("server", "crm")):
        with over_events(events, asked(replace(mine(), subject=subject))) as scan:
            finding = scan.finding(scan.ask.detections[0].text)
            assert [hit.server for hit in finding.hits] == [server]
            assert finding.servers == ((server, 1),)


def test_an_event_that_the_log_does_not_hold_is_refused() -> None:
    sql = SQL.replace(
        "SELECT event_ms, event_key, actor_id", "SELECT event_ms + 1 AS event_ms, event_key, actor_id"
    )
    invented = mine(sql)
    events = [event(1, decision="deny", actor_id="ann")]
    with pytest.raises(BadContent, match=r"mine\.sql:\d+: gives 1 events that the log does not hold"):
        completed([(asked(invented).detections[0], events)], COLUMNS)
    with over_events(events, asked(invented)) as scan:
        finding = scan.finding(invented)
        assert (finding.count, "does not hold" in finding.failed) == (0, True)


def test_a_detection_that_takes_too_long_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = mine(
        "SELECT a.event_ms, a.event_key, MAX(b.actor_id) AS subject FROM mcp_audit AS a "
        "JOIN mcp_audit AS b ON a.decision = b.decision JOIN mcp_audit AS c ON b.decision = c.decision "
        "WHERE c.event_ms + b.event_ms < a.event_ms GROUP BY a.event_ms, a.event_key"
    )
    quick = replace(mine(), id="quick")
    events = [event(number, decision="deny", actor_id="ann") for number in range(5000)]
    with over_events(events, asked(slow, quick)) as scan:
        monkeypatch.setattr(joined, "DEADLINE_S", 0.2)
        failed = scan.finding(slow)
        assert "out of time" in failed.failed
        monkeypatch.undo()
        assert (scan.finding(quick).count, scan.finding(quick).failed) == (5000, "")


def test_a_flood_at_one_server_hides_no_other() -> None:
    flood = [
        event(number, event_time=1_772_366_400_000 + number, decision="deny", server_name="decoy")
        for number in range(1, 40)
    ]
    real = event(0, event_time=1_772_366_400_000, decision="deny", server_name="real")
    with over_events([real, *flood], asked(mine())) as scan:
        finding = scan.finding(scan.ask.detections[0].text)
        assert finding.servers == (("decoy", 39), ("real", 1))
        assert (finding.server_count, finding.oldest and finding.oldest.event_id) == (2, "e0")
        assert "e0" not in finding.evidence
        assert "e0" in scan.finding(scan.ask.detections[0].text, at_most=None).evidence


def test_the_printed_statement_counts_events_without_an_id_as_the_scan_does() -> None:
    (detection,) = asked(mine()).detections
    names = [column.name for column in COLUMNS]
    found = sqlite.answers(statement.matches(detection, COLUMNS, "sqlite"), names, table(UNNAMED))
    told = [(key.strip().startswith("e"), subject) for _, key, subject in found]
    assert sorted(told) == [(False, "bob"), (False, "bob"), (True, "ann"), (True, "everybody")]


def test_a_match_that_is_given_twice_counts_once_and_the_newest_twenty_are_shown() -> None:
    events = [
        event(number, event_time=1_772_366_400_000 + number, decision="deny", actor_id="ann")
        for number in range(30)
    ]
    twice = SQL.replace("'everybody'", "actor_id").replace("'allow'", "'deny'")
    with over_events(events, asked(mine(twice))) as scan:
        finding = scan.finding(scan.ask.detections[0].text)
        assert finding.count == 30
        assert [hit.event_id for hit in finding.hits] == [f"e{number}" for number in range(29, 9, -1)]
        assert (finding.first_ms, finding.last_ms) == (1_772_366_400_000, 1_772_366_400_029)
        assert len(scan.hits("mine")) == 30


def test_a_detection_whose_columns_no_event_has_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(json.dumps(event(1)) + "\n")
    with (
        over_logs(sources([str(tmp_path / "log")], tmp_path), asked(mine()), tmp_path) as scan,
    ):
        assert scan.finding(scan.ask.detections[0].text).lacks == ("decision",)
    with over_events([event(1, decision="deny")], asked(mine())) as scan:
        assert scan.finding(scan.ask.detections[0].text).lacks == ()


def test_hits_of_a_rule_are_all_of_them() -> None:
    events = [event(number, chain_depth=9, decision="allow") for number in range(25)]
    (rule,) = content.load(ROOT, ["call_chain_too_deep"])
    with over_events(events, ask(COLUMNS, [rule], now_ms=NOW)) as scan:
        assert len(scan.hits("call_chain_too_deep")) == 25
        assert len(scan.finding(rule).hits) == 20


def test_logs_asked_together_do_not_see_each_other() -> None:
    loop = next(one for one in detections.load(ROOT) if one.id == "error_loop")
    parsed = asked(loop).detections[0]
    halves = [(parsed, LOOP[:6]), (parsed, LOOP[6:]), (parsed, LOOP), (parsed, ())]
    assert completed(halves, COLUMNS) == ((), (), (9,), ())
    assert completed([], COLUMNS) == ()


def slowly(connection: Connection, sql: str) -> None:
    within(connection, 60, lambda: connection.execute(sql))


@pytest.mark.parametrize("ask", [rows, run, slowly])
def test_a_signal_stops_a_statement_that_runs(ask: Callable[[Connection, str], object]) -> None:
    """The engine looks for no signal, and Ctrl-C would wait for it: for an hour, or for ever."""

    def press() -> None:
        """On a thread of its own, which wakes no other: as one that comes just before a wait."""
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    with connect() as connection:
        threading.Timer(0.3, press).start()
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            ask(connection, ENDLESS)
        assert time.monotonic() - started < 30
        assert rows(connection, "SELECT 1") == [(1,)]


def test_what_the_engine_makes_of_a_signal_is_one_again() -> None:
    """On the thread that hears Ctrl-C it raises this, where it looks: not in every statement, nor at once."""
    with pytest.raises(KeyboardInterrupt), connect():
        raise RuntimeError("Query interrupted")


def test_another_error_is_no_signal() -> None:
    with pytest.raises(RuntimeError, match="of ours"), connect():
        raise RuntimeError("a fault of ours")


def test_a_signal_stops_the_reading_of_a_log_as_itself() -> None:
    """The engine made `RuntimeError: Query interrupted` of it, which reads as a fault of ours."""
    ask = Ask(COLUMNS, (), {}, NOW)
    with connect() as connection:
        place(connection, LOOP[:1], COLUMNS)
        sheet.create(connection, ask)
        endless = View(f"(SELECT {TABLE}.* FROM {TABLE}, range(1000000), range(1000000))", here=COLUMNS)

        def work() -> None:
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            sheet.fill(connection, ask, endless)

        with pytest.raises(KeyboardInterrupt):
            work()
        assert rows(connection, "SELECT count(*) FROM sheet") == [(0,)]


def test_what_is_written_to_disk_has_a_bound(tmp_path: Path) -> None:
    with connect(folder=str(tmp_path)) as connection:
        said = rows(connection, "SELECT current_setting('max_temp_directory_size')")[0][0]
    assert said.endswith("GiB")
    assert float(said.split()[0]) <= 16
