"""A log in its owner's own words is read like the same log in ours: events, rejects, repeats and gates."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import watch
from mcpsoar.core.errors import Usage
from mcpsoar.kit import mapping as kit
from mcpsoar.pack import mapping, schema
from mcpsoar.pack.locate import own
from mcpsoar.siems import installed

NOW_MS = 1_772_366_700_000  # 2026-03-01T12:05:00Z
MAPPING = """
name: g
fields:
  event_time: [at, ts]
  event_id: id
  server_name: target.server
  action_class: {from: kind, values: {w: write, r: read}}
  decision: {from: outcome, values: {permitted: allow, blocked: deny}}
  token_scopes: {from: token.scope, split: " "}
  required_scopes: needs
  registry_status: {constant: approved}
"""
EVENTS: list[dict[str, Any]] = [
    {"ts": "2026-03-01T12:00:00Z", "id": "1", "target": {"server": "a"}, "kind": "W", "outcome": "Permitted"},
    {
        "at": "",
        "ts": "2026-03-01T12:00:01Z",
        "id": "2",
        "target.server": "b",
        "kind": "w",
        "outcome": "allow",
    },
    {"at": 1772366402, "id": "3", "token": {"scope": "r w"}, "needs": ["x"], "decision": "ALLOW"},
    {"at": 1772366402, "id": "3", "token.scope": ["r", "w"], "needs": ["x"]},
    {"at": 1772366402, "id": "3", "token": {"scope": "r"}, "needs": ["x"]},
    {"ts": "2026-03-01T12:00:03Z", "target": {"server": "a"}, "target.server": "b", "token": {"scope": " r"}},
]
BAD = [
    '{"ts": "soon", "id": "4"}',
    '{"event_time": "2026-03-01T12:00:00Z"}',
    "[]",
    '{"ts": 1, "ts": 2}',
    '{"ts":',
]


def look(folder: Path, log: Path, *, is_mapped: bool) -> dict[str, Any]:
    found = watch.look(
        [str(log)],
        pack=own(),
        now_ms=NOW_MS,
        as_of_ms=NOW_MS,
        mapping=folder / "mapping.yml" if is_mapped else None,
    )
    return {
        "intake": found.intake,
        "judged": found.judgements,
        "rejects": [one.line for one in found.rejects],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mapping.yml").write_text(MAPPING)
    return tmp_path


def ours(folder: Path, event: dict[str, Any]) -> str:
    said = mapping.read(folder / "mapping.yml", schema.load(own()), installed.mapping_keys())
    return json.dumps(kit.event(event, said))


@pytest.mark.parametrize("bad", [[], BAD], ids=["all events", "lines that are none"])
def test_a_mapped_log_is_the_same_log(folder: Path, bad: list[str]) -> None:
    """Once by the engine alone; with a line that is no event by Python first."""
    theirs, other = folder / "theirs.ndjson.gz", folder / "ours.ndjson"
    theirs.write_bytes(gzip.compress("\n".join([*map(json.dumps, EVENTS), *bad]).encode()))
    other.write_text("\n".join([*(ours(folder, event) for event in EVENTS), *["[]" for _ in bad]]))
    seen = look(folder, theirs, is_mapped=True)
    assert seen == look(folder, other, is_mapped=False)
    assert seen["intake"].events == 4
    assert seen["intake"].conflicts == ("3",)
    assert seen["intake"].malformed == {"decision": 1, "server_name": 1, "token_scopes": 1}
    assert seen["rejects"] == [len(EVENTS) + at for at, _ in enumerate(bad, 1)]
    numerators = {one.reading.gate: one.reading.numerator for one in seen["judged"]}
    assert numerators["unapproved-write-calls"] == 1
    assert numerators["scope-mismatch"] == 1


def test_a_reject_names_the_field_that_its_owner_knows(folder: Path) -> None:
    log = folder / "log"
    log.write_text(BAD[0])
    found = watch.look([str(log)], pack=own(), now_ms=NOW_MS, mapping=folder / "mapping.yml")
    assert [one.why for one in found.rejects] == ["event_time (at, ts) is no time"]


def test_parquet_is_not_mapped(folder: Path) -> None:
    log = folder / "log"
    log.write_bytes(b"PAR1")
    with pytest.raises(Usage, match="a mapping is for lines of JSON"):
        look(folder, log, is_mapped=True)
