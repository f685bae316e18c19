"""What is read in pieces is read like the whole: the sizes of the pieces are made small here."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp

from mcpsoar.app.watch import Look, look
from mcpsoar.core.content import RuleText
from mcpsoar.detect import intake, matching, sheet
from mcpsoar.detect.engines import ndjson
from mcpsoar.detect.engines.duckdb import connect
from mcpsoar.detect.gate import parse
from mcpsoar.detect.matching import matches
from mcpsoar.detect.scan import Ask, over_events
from mcpsoar.pack import gates, schema

ROOT = Path(__file__).resolve().parent.parent.parent
COLUMNS = schema.load(ROOT)
AT = "2026-03-01T12:00:00Z"
NOW = 1_772_367_000_000
TICK = 1_772_366_460_000
SIZES = {
    "files": (intake, "_TOGETHER"),
    "events": (matching, "_TOGETHER"),
    "flags": (sheet, "_BITS"),
    "layouts": (ndjson, "_LAYOUTS"),
}
EVENTS = [
    {"event_time": AT, "event_id": f"e{n % 6}", "action_class": "write", "decision": "allow", f"k{n}": 1}
    | ({} if n % 2 else {"approval_id": f"ap-{n}"})
    for n in range(8)
]


@pytest.fixture(params=[None, *((name, size) for name in SIZES for size in (1, 2, 3))], ids=str)
def _pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        name, size = request.param
        module, constant = SIZES[name]
        assert getattr(module, constant) > size
        monkeypatch.setattr(module, constant, size)


def read(folder: Path, *logs: bytes) -> Look:
    for number, log in enumerate(logs):
        (folder / f"{number}").write_bytes(log)
    return look([str(folder / "*")], pack=ROOT, now_ms=NOW)


def rule(name: str) -> RuleText:
    return RuleText(name, "", "Made Up", "low", "test", "none", ROOT / name, "", ())


@pytest.mark.usefixtures("_pieces")
def test_a_log_in_pieces_is_the_same_log(tmp_path: Path) -> None:
    got = read(tmp_path, *(json.dumps(event).encode() for event in EVENTS))
    assert (got.intake.events, got.intake.repeats, got.intake.conflicts) == (6, 2, ("e0",))
    paged = {one.reading.gate: one.reading for one in got.judgements}["unapproved-write-calls"]
    assert (paged.numerator, paged.evidence) == (3, ("e1", "e3", "e5"))


@pytest.mark.usefixtures("_pieces")
def test_events_in_pieces_keep_their_places() -> None:
    approval = exp.column("approval_id")
    absent = exp.Is(this=approval, expression=exp.Null())
    rules: dict[str, exp.Expression] = {"none": absent, "any": exp.Not(this=absent)}
    rules |= {name: exp.EQ(this=approval, expression=exp.Literal.string(name)) for name in ("ap-6", "x")}
    found = matches(rules, EVENTS, COLUMNS)
    assert found == {"none": (1, 3, 5, 7), "any": (0, 2, 4, 6), "ap-6": (6,), "x": ()}
    gate = parse(gates.load(ROOT, ["unapproved-write-calls"])[0], COLUMNS)
    with over_events(EVENTS, Ask(COLUMNS, [gate], rules, NOW)) as scan:  # of e0 and e1 the first counts
        assert scan.reading(gate, TICK).evidence == ("e1", "e3", "e5")
        counted = {name: scan.finding(rule(name)) for name in rules}
        assert counted["none"].evidence == ("e1", "e3", "e5")
        assert counted["any"].evidence == ("e0", "e2", "e4")
        assert [one.count for one in counted.values()] == [3, 3, 0, 0]


@pytest.mark.parametrize(("bound", "is_seeded"), [(3, False), (4, True)])
def test_too_many_layouts_are_not_read_by_their_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: int, is_seeded: bool
) -> None:
    monkeypatch.setattr(ndjson, "_LAYOUTS", bound)
    log = tmp_path / "log"
    log.write_bytes(b'{"a":1}\n{"b":1}\n{"c":1}\n{"a":2}\n')
    with connect(files=[str(log)], folder=str(tmp_path)) as connection:
        made = ndjson.seed(connection, log, COLUMNS, tmp_path)
    assert (made is not None) is is_seeded


@pytest.mark.parametrize("gap", ["", " ", "\t", "\r", " \t\r "], ids=repr)
@pytest.mark.parametrize("ends", ["1,{}}}", "[1,{}]}}"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_comma_too_many_is_seen_however_it_stands(tmp_path: Path, gap: str, ends: str, pack: Any) -> None:
    good = json.dumps({"event_time": AT, "a": [1]}).encode()
    bad = f'{{"event_time":"{AT}","a":'.encode() + ends.format(gap).replace("}}", "}").encode()
    got = read(tmp_path, pack(good + b"\n" + bad + b"\n" + good))
    assert (got.intake.events, [one.line for one in got.rejects]) == (2, [2])
