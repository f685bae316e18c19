"""Several files in one call: nothing of a later one is lost, and the first received stays the first."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app.watch import Look
from mcpsoar.detect.engines.duckdb import connect
from tests.detect.test_intake import AT, line, read, write

WRITE = {"action_class": "write", "decision": "ALLOW", "server_name": "crm"}


def unapproved(got: Look) -> int:
    return next(
        one.reading.numerator for one in got.judgements if one.reading.gate == "unapproved-write-calls"
    )


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("is_last", [True, False])
def test_a_key_that_turns_up_late_in_any_file_is_read(tmp_path: Path, pack: Any, *, is_last: bool) -> None:
    late = b"".join(line(f"e{number}") for number in range(6000)) + line("w", **WRITE, stranger={"a": 1})
    logs = [write(tmp_path / "1", pack(line("first"))), write(tmp_path / "2", pack(late))]
    got = read(*(logs if is_last else reversed(logs)))
    assert (got.intake.events, unapproved(got)) == (6002, 1)


@pytest.mark.parametrize("is_last", [True, False])
def test_a_late_key_that_stands_twice_is_found_in_any_file(tmp_path: Path, *, is_last: bool) -> None:
    bad = b'{"event_time":"%s","zz":1,"zz":2}\n' % AT.encode()
    late = b"".join(line(f"e{number}") for number in range(6000)) + bad
    logs = [write(tmp_path / "1", line("first")), write(tmp_path / "2", late)]
    got = read(*(logs if is_last else reversed(logs)))
    assert (got.intake.events, got.intake.rejected) == (6001, 1)


@pytest.mark.parametrize("files", [1, 2, 8, 60])
def test_of_many_repeats_the_first_counts_whatever_the_threads_do(tmp_path: Path, files: int) -> None:
    rng = random.Random(files)
    first = [
        line(f"e{number}", **WRITE, approval_id="ap" if number % 100 else None) for number in range(20_000)
    ]
    again = [line(f"e{number}", **WRITE, approval_id="later") for number in range(20_000)]
    rng.shuffle(again)
    both = first + again
    size = len(both) // files + 1
    logs = [write(tmp_path / f"{at}", b"".join(both[at * size : (at + 1) * size])) for at in range(files)]
    got = read(*logs, gates=["unapproved-write-calls"])
    assert (got.intake.events, got.intake.repeats, got.intake.conflict_count) == (20_000, 20_000, 20_000)
    assert unapproved(got) == 200


def test_parquet_files_may_differ_in_their_columns_and_types(tmp_path: Path) -> None:
    with connect(folder=str(tmp_path)) as connection:
        for name, fields in {
            "a": "'a' AS event_id",
            "b": "7 AS event_id, 'write' AS action_class, 'ALLOW' AS decision, 'crm' AS server_name",
        }.items():
            connection.execute(
                f"COPY (SELECT TIMESTAMPTZ '{AT}' AS event_time, {fields}) "
                f"TO '{tmp_path / name}' (FORMAT parquet)"
            )
    for logs in (["a", "b"], ["b", "a"]):
        got = read(*(tmp_path / name for name in logs))
        assert (got.intake.events, unapproved(got)) == (2, 1)


def test_the_name_of_a_folder_says_nothing_of_the_events_in_it(tmp_path: Path) -> None:
    for name in ("decision=DENY", "event_time=1772300000", "event_id=7", 'approval_id="ap"'):
        (tmp_path / name).mkdir()
        log = write(tmp_path / name / "log", line("a", **WRITE) + line("b", **WRITE))
        assert unapproved(read(log)) == 2, name
        packed = tmp_path / name / "packed"
        with connect(files=[str(log)], folder=str(tmp_path / name)) as connection:
            columns = (
                "event_time: 'TIMESTAMPTZ', event_id: 'VARCHAR', action_class: 'VARCHAR', decision: 'VARCHAR'"
            )
            rows_of = f"read_json('{log}', columns = {{{columns}}}, hive_partitioning = false)"
            connection.execute(f"COPY (FROM {rows_of}) TO '{packed}' (FORMAT parquet)")
        assert unapproved(read(packed)) == 2, name


@pytest.mark.parametrize("name", ["audit[1].ndjson", "a*.ndjson", "a?.ndjson", "[a]"])
def test_a_file_whose_name_is_a_pattern_is_read_and_no_other(tmp_path: Path, name: str) -> None:
    for other in ("audit1.ndjson", "ab.ndjson", "a"):
        write(tmp_path / other, line("x"))
    got = read(write(tmp_path / name, line("a", **WRITE)))
    assert (got.intake.events, unapproved(got)) == (1, 1)


def test_files_are_read_alone_or_together_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        more: dict[str, Any] = {f"only{number}": 1} if number % 3 else {"params": {"a": [number]}}
        write(tmp_path / f"{number:02}", line(f"e{number}", **more) + line("same", number=number))
    together = read(tmp_path / "*").intake
    monkeypatch.setattr("mcpsoar.detect.intake._SMALL_BYTES", 0)
    assert read(tmp_path / "*").intake == together
    assert (together.events, together.repeats) == (41, 39)


def test_a_wide_line_costs_no_more_than_its_length(tmp_path: Path) -> None:
    wide = json.dumps({"event_time": AT, "event_id": "w"} | {f"k{n}": n for n in range(60_000)}).encode()
    for at in (0, 5000):
        early = b"".join(line(f"e{number}") for number in range(at))
        assert read(write(tmp_path / "log", early + wide + b"\n")).intake.events == at + 1
