"""Reading logs: forms, orders, rejects, repeats. What the engine alone would lose is looked for here."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from mcpsoar.app.gates import verdict
from mcpsoar.app.watch import Look, look
from mcpsoar.core.errors import Usage
from mcpsoar.core.verdict import Verdict
from mcpsoar.detect import files, lines
from mcpsoar.detect.engines.duckdb import Failure, connect, rows

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = 1_772_367_000_000
AT = "2026-03-01T12:00:00Z"


def line(event_id: str, **more: Any) -> bytes:
    return json.dumps({"event_time": AT, "event_id": event_id, **more}).encode() + b"\n"


def read(*logs: Path | str, **more: Any) -> Look:
    return look([str(log) for log in logs], pack=ROOT, now_ms=NOW, **more)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_the_form_of_a_log_is_told_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    text = line("a") + line("b")
    logs = {
        "plain.gz": text,
        "gzip.ndjson": gzip.compress(text),
        "zstd.txt": zstandard.compress(text),
        "two-frames": zstandard.compress(line("a")) + zstandard.compress(line("b")),
        "two-members": gzip.compress(line("a")) + gzip.compress(line("b")),
    }
    for name, data in logs.items():
        assert read(write(tmp_path / name, data)).intake.events == 2, name


def test_parquet_is_read_with_its_own_types(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with connect(folder=str(tmp_path)) as connection:
        connection.execute(
            "COPY (SELECT * FROM (VALUES "
            f"(TIMESTAMPTZ '{AT}', 'a', 'write', 'ALLOW', ['x'], 1.5, TRUE), "
            f"(TIMESTAMPTZ '1999-12-31T23:59:59Z', 'b', 'write', 'ALLOW', [], 2.5, FALSE), "
            f"(TIMESTAMPTZ '1970-01-02', 'c', 'write', 'ALLOW', [], 2.5, FALSE), "
            f"(TIMESTAMPTZ '{AT}', 'd', 'write', 'perhaps', NULL, 'NaN'::DOUBLE, NULL)) "
            "AS t(event_time, event_id, action_class, decision, token_aud, latency_ms, scope_match)) "
            f"TO '{path}' (FORMAT parquet)"
        )
    kept = tmp_path / "rejects"
    got = read(path, rejects=kept)
    assert (got.intake.events, got.intake.rejected) == (2, 2)
    assert [one.line for one in got.rejects] == [2, 3]
    assert got.intake.malformed == {"decision": 1, "latency_ms": 1}
    early, earlier = [json.loads(text) for text in kept.read_text().splitlines()]
    assert early == {
        "event_time": 946684799000,
        "event_id": "b",
        "action_class": "write",
        "decision": "ALLOW",
        "token_aud": [],
        "latency_ms": 2.5,
        "scope_match": False,
    }
    assert earlier == {**early, "event_id": "c", "event_time": "1970-01-02T00:00:00.000Z"}
    assert [one.why for one in got.rejects] == ["event_time is out of range"] * 2


def test_rejected_rows_of_parquet_are_lines_that_can_be_read_again(tmp_path: Path) -> None:
    path, kept = tmp_path / "log", tmp_path / "rejects"
    late = "TIMESTAMP '2026-03-01 12:30:00'"
    with connect(folder=str(tmp_path)) as connection:
        connection.execute(
            f"COPY (SELECT {late} AS event_time, 'a' AS event_id, 'NaN'::DOUBLE AS latency_ms, "
            f"['x'] AS token_aud, NULL::VARCHAR AS tool_name) TO '{path}' (FORMAT parquet)"
        )
    assert read(path, rejects=kept).intake.rejected == 1
    again = look([str(kept)], pack=ROOT, now_ms=NOW + 3_600_000).intake
    assert (again.events, again.rejected, again.malformed) == (1, 0, {"latency_ms": 1})


def test_bad_lines_are_named_ten_of_them_and_kept_all(tmp_path: Path) -> None:
    bad = [f'{{"event_time":"{AT}","n":{number},}}'.encode() for number in range(12)]
    log = write(tmp_path / "log", line("a") + b"\n".join(bad) + b"\n\n" + line("b"))
    kept = tmp_path / "rejects"
    got = read(log, rejects=kept)
    assert (got.intake.events, got.intake.rejected, len(got.rejects)) == (2, 12, 10)
    assert [(one.source, one.line) for one in got.rejects[:2]] == [(str(log), 2), (str(log), 3)]
    assert kept.read_bytes().splitlines() == bad


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b'{"event_time":"2026-03-01T12:21:00Z"}', "ahead of the clock"),
        (b'{"event_time":"1999-03-01T12:20:00Z"}', "before 2000"),
        (b'{"event_time":"soon"}', "no time"),
        (b'{"event_id":"x"}', "missing"),
        (b'{"event_time":"%s","a":1,"a":2}' % AT.encode(), "twice"),
        (b'{"event_time":"%s"' % AT.encode(), "not JSON"),
        (b"[1]", "no JSON object"),
        (b'{"event_time":"%s","a":"\xff"}' % AT.encode(), "not UTF-8"),
        (b'{"event_time":"%s","a":%s}' % (AT.encode(), b"[" * 200 + b"]" * 200), "nested"),
        (b'{"event_time":"%s","a":"%s"}' % (AT.encode(), b"x" * (17 << 20)), "longer than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_reject_says_why(tmp_path: Path, bad: bytes, why: str) -> None:
    got = read(write(tmp_path / "log", line("a") + bad + b"\n" + line("b")))
    assert (got.intake.events, got.intake.rejected) == (2, 1)
    assert got.rejects[0].line == 2
    assert why in got.rejects[0].why


@pytest.mark.parametrize("cut", [3, 30, 400])
@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_log_whose_packing_ends_early_is_never_taken_for_whole(tmp_path: Path, pack: Any, cut: int) -> None:
    data = pack(b"".join(line(f"{number:032x}", tool_name=str(number * 7919)) for number in range(200)))
    got = read(write(tmp_path / "log", data[:-cut]))
    assert got.intake.rejected >= 1
    assert any("ends early" in one.why or "damaged" in one.why for one in got.rejects)
    assert got.intake.cut == (str(tmp_path / "log"),)
    assert verdict(got.judgements, got.intake) is Verdict.CANNOT_TELL


def test_a_gzip_whose_sum_is_wrong_is_never_taken_for_whole(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(b"".join(line(f"{number:032x}") for number in range(200))))
    data[-6] ^= 1
    assert read(write(tmp_path / "log", bytes(data))).intake.cut == (str(tmp_path / "log"),)


def test_packed_members_may_be_padded_and_begin_with_what_is_skipped(tmp_path: Path) -> None:
    two = gzip.compress(line("a")) + b"\0" * 3000 + gzip.compress(line("b")) + b"\0" * 7
    assert read(write(tmp_path / "gz", two)).intake.events == 2
    skipped = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"
    far = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    )
    assert read(write(tmp_path / "zst", skipped + far.compress(line("a")))).intake.events == 1


def test_a_cut_last_line_costs_that_line_alone(tmp_path: Path) -> None:
    got = read(write(tmp_path / "log", line("a") + line("b")[:-9]))
    assert (got.intake.events, got.intake.rejected) == (1, 1)


def test_one_bad_file_among_many_leaves_the_others_to_the_engine(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / f"{number}.ndjson", line(f"e{number}") + (b"{\n" if number == 3 else b""))
    got = read(tmp_path / "*.ndjson")
    assert (got.intake.events, got.intake.rejected) == (5, 1)
    assert got.rejects[0].source.endswith("3.ndjson")


def test_of_one_identity_the_first_in_the_order_of_the_arguments_counts(tmp_path: Path) -> None:
    held = {"action_class": "write", "decision": "ALLOW"}
    one = write(tmp_path / "1", line("a", **held, approval_id="ap-1"))
    two = write(tmp_path / "2", gzip.compress(line("a", **held)))
    for logs, state in (((one, two), "ok"), ((two, one), "page")):
        got = read(*logs, gates=["unapproved-write-calls"])
        assert (got.intake.events, got.intake.repeats, got.intake.conflicts) == (1, 1, ("a",))
        assert got.judgements[0].state == state


def test_a_second_delivery_is_a_repeat_and_no_conflict(tmp_path: Path) -> None:
    again = {"ingest_time": "2026-03-01T12:01:00Z", "decision": "allow", "collector": "two"}
    log = write(tmp_path / "log", line("a", decision="ALLOW", collector="one") + line("a", **again))
    assert (read(log).intake.repeats, read(log).intake.conflict_count) == (1, 0)


def test_one_id_at_several_times_is_several_events_and_reported(tmp_path: Path) -> None:
    later = json.dumps({"event_id": "a", "event_time": "2026-03-01T12:00:01Z"}).encode()
    got = read(write(tmp_path / "log", line("a") + later + b"\n" + line("b")))
    assert (got.intake.events, got.intake.repeats, got.intake.conflicts) == (3, 0, ("a",))


def test_of_many_conflicts_ten_are_named_in_the_order_they_showed(tmp_path: Path) -> None:
    names = [f"e{number}" for number in range(12)]
    text = b"".join(line(name) for name in names)
    text += b"".join(line(name, decision="deny") for name in reversed(names))
    got = read(write(tmp_path / "log", text)).intake
    assert (got.conflicts, got.conflict_count) == (tuple(reversed(names))[:10], 12)


def test_a_key_that_turns_up_late_is_read_all_the_same(tmp_path: Path) -> None:
    early = b"".join(line(f"e{number}") for number in range(6000))
    late = line("last", approval_id="ap", stranger=1, action_class="bogus")
    got = read(write(tmp_path / "log", early + late))
    assert (got.intake.events, got.intake.rejected) == (6001, 0)
    assert got.intake.malformed == {"action_class": 1}


def test_a_late_key_that_stands_twice_is_still_found(tmp_path: Path) -> None:
    early = b"".join(line(f"e{number}") for number in range(6000))
    got = read(write(tmp_path / "log", early + b'{"event_time":"%s","s":1,"s":1}\n' % AT.encode()))
    assert (got.intake.events, got.intake.rejected, got.rejects[0].line) == (6000, 1, 6001)


@pytest.mark.parametrize(
    "odd",
    [
        line("odd", params={"name": "x", "arguments": {"path": "/a", "path2": [{"b": {}}]}}),
        line("odd", tool_name='{ "a": 1 } [x, ] nan, -inf, 1e999 \\" }'),
        line("odd", **{f"k{number}": number for number in range(2000)}),
        line("odd", Tool_Name="x", tool_name="y"),
        line("odd", strange=None, stranger=[1.5, "a", [True]]),
        line("odd", action_class="bogus", token_aud=[1, {"a": 2}]),
    ],
    ids=["nested", "braces", "many", "case", "flat", "malformed"],
)
@pytest.mark.parametrize("before", [0, 3000], ids=["early", "late"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_good_line_is_never_left_to_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: bytes, before: int, pack: Any
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a second pass over a log without a bad line")

    monkeypatch.setattr(lines, "sift", refuse)
    log = b"".join(line(f"e{number}") for number in range(before)) + odd
    got = read(write(tmp_path / "log", pack(log)))
    assert (got.intake.events, got.intake.rejected) == (before + 1, 0)


def test_standard_input_is_read_like_a_file(tmp_path: Path) -> None:
    found = files.sources(["-"], tmp_path, stdin=io.BytesIO(gzip.compress(line("a"))))
    assert [(one.log.name, Path(one.log.path).read_bytes()) for one in found] == [("-", line("a"))]


@pytest.mark.parametrize("name", ["missing", "none-*.ndjson", "postgresql://db.example.com/db?table=t"])
def test_a_log_that_is_not_there_is_a_mistake_of_the_user(tmp_path: Path, name: str) -> None:
    argument = name if "://" in name else str(tmp_path / name)
    with pytest.raises(Usage):
        read(argument)


def test_broken_parquet_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="Parquet"):
        read(write(tmp_path / "log", b"PAR1 and nothing more PAR1"))


def test_a_file_with_a_quote_in_its_name_is_a_name(tmp_path: Path) -> None:
    assert read(write(tmp_path / "it's [1].ndjson", line("a"))).intake.events == 1


def test_the_engine_reads_nothing_but_what_it_was_given(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", b"x\n")
    given = tmp_path / "given"
    given.mkdir()
    log = write(given / "log", b'{"a":1}\n')
    with connect(files=[str(log)]) as connection:
        assert rows(connection, f"SELECT a FROM read_json('{log}')") == [(1,)]
        for sql in (
            f"SELECT * FROM read_csv('{secret}')",
            f"SELECT * FROM read_text('{tmp_path}/*')",
            f"ATTACH '{tmp_path}/x.db'",
            f"COPY (SELECT 1) TO '{tmp_path}/out'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            "SET lock_configuration = false",
        ):
            with pytest.raises(Failure):
                connection.execute(sql)
