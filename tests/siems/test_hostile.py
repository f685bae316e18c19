"""Hostile events: one verdict in every rendering, or a finding that says what was not seen or not taken.

The scan reads lines of a log. Splunk has the same line, and extracts of it what limits.conf.spec lets it.
Elastic has the document of the ingest pipeline: tests/live/test_hostile.py asks the real one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app.watch import look
from mcpsoar.core.event import Kind
from mcpsoar.core.finding import GateState
from mcpsoar.detect import matching
from mcpsoar.siems.in_elastic import views
from mcpsoar.siems.in_splunk import addon, gates, health
from mcpsoar.siems.in_splunk import rules as searches
from mcpsoar.targets import lucene
from mcpsoar.targets.es import fields, ingest, paths
from tests.languages.esql import Index, run
from tests.languages.spl.errors import Undocumented
from tests.languages.spl.evaluate import Scope, evaluate
from tests.languages.spl.results import stored
from tests.laws import contract_reading as contract
from tests.siems import hostile
from tests.siems.elastic import built as elastic
from tests.siems.elastic.test_rules import BY_ID
from tests.siems.elastic.test_tuning import indices, named
from tests.siems.hostile import (
    BASES,
    ELASTIC,
    GATES,
    NOW_MS,
    PREDICATES,
    RULES,
    SPLUNK,
    TICK_MS,
    Hostility,
)
from tests.siems.splunk import built as splunk
from tests.siems.splunk.test_rules import CALCULATED
from tests.targets.es import ground
from tests.targets.lucene.index import places
from tests.targets.spl.splunk import COLUMNS, EXTRACTIONS, ROOT

RECEIVED_MS = NOW_MS - 120_000
CUTOFF, MOST_KEYS = (
    5000,
    100,
)  # limits.conf.spec 9.0: [spath] extraction_cutoff in bytes, "auto kv" too; [kv] limit
EACH_ROW = {"mcp_one_row_a_subject": "where true()"}  # of a subject, or all lines would be one
READ = matching.referenced(PREDICATES.values())
(STATUS,) = (view.query for view in views.views(elastic.content()) if view.key == "status")
Verdicts = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Said:
    """By rule and gate the events that it is about; and those told of as no events or not seen whole."""

    verdicts: Verdicts
    told: frozenset[str]


def lines(hostility: Hostility) -> dict[str, str]:
    return {name: hostility.plant(event) for name, event in BASES.items()}


def scanned(log: Mapping[str, str], folder: Path) -> Said:
    """What `rules scan` and `gates check` say of a file of these lines; a gate is asked about each alone."""
    path, rejects = folder / "log.ndjson", folder / "rejects"
    path.write_text("".join(f"{line}\n" for line in log.values()), "utf-8")
    ids = [rule.id for rule in RULES]
    seen = look(
        [str(path)],
        pack=ROOT,
        now_ms=NOW_MS,
        gates=(),
        with_rules=True,
        rules=ids,
        rejects=rejects,
        evidence=None,
    )
    found = {one.rule: frozenset(str(hit.event_id) for hit in one.hits) for one in seen.findings}
    for gate in GATES:
        found[gate.id] = frozenset(name for name in _of_gates(log) if _pages(gate.id, log[name], folder))
    thrown = set(rejects.read_bytes().split(b"\n"))
    return Said(found, frozenset(name for name, line in log.items() if line.encode() in thrown))


def _of_gates(log: Mapping[str, str]) -> list[str]:
    return [name for name in log if name.partition(" ")[0] in {gate.id for gate in GATES}]


def _pages(gate: str, line: str, folder: Path) -> bool:
    path = folder / "alone.ndjson"
    path.write_text(line, "utf-8")
    (one,) = look([str(path)], pack=ROOT, now_ms=NOW_MS, gates=(gate,), as_of_ms=TICK_MS).judgements
    return one.state is GateState.PAGE


# Splunk


def _first(line: str) -> str:
    """The members whose end is within the cutoff."""
    told, decoder, at = [], json.JSONDecoder(), 1
    while line[at : at + 1] not in ("", "}"):
        start = at = at + len(line[at:]) - len(line[at:].lstrip(" ,")) if line[at] in " ," else at
        _, at = decoder.raw_decode(line, at)
        at = line.index(":", at) + 1
        while line[at] == " ":
            at += 1
        _, at = decoder.raw_decode(line, at)
        if len(line[:at].encode()) > CUTOFF:
            break
        told.append(line[start:at])
    return f"{{{', '.join(told)}}}"


def _nothing(line: str) -> str:
    return line if len(line.encode()) <= CUTOFF else "{}"


# what becomes of an event beyond the limits is written nowhere: its beginning is taken, or nothing
CUTS = {"beginning": _first, "nothing": _nothing}


def indexed(line: str, place: int, cut: str) -> dict[str, Any]:
    """The event as a search finds it."""
    known = dict(list(EXTRACTIONS[place % 2].fields(CUTS[cut](line)).items())[:MOST_KEYS])
    extracted = known | {"_raw": line[: addon.LONGEST]}
    found = dict(extracted)
    is_doubled = evaluate(CALCULATED[addon.DOUBLED], Scope(extracted, 0)) is not None
    for name in _WANTED:
        try:
            stored(found, name, evaluate(CALCULATED[name], Scope(extracted, 0)))
        except Undocumented:  # of several values where one belongs: here none
            assert is_doubled
            found.pop(name, None)
    said = {name: str(one) if isinstance(one, int | float) else one for name, one in found.items()}
    return said | {"_time": _time(line), "_indextime": RECEIVED_MS / 1000, "place": str(place)}


def _time(line: str) -> float:
    try:
        return contract.moment(json.loads(line)["event_time"]) / 1000
    except contract.NoEventError:
        return RECEIVED_MS / 1000


_WANTED = {
    *READ,
    *("server_name", "actor_id", "tool_name", "event_id", "action_class", "approval_id", "change_ticket"),
    *("manifest_hash", "pinned_manifest_hash", "deploy_window", addon.DOUBLED),
}


def searched(log: Mapping[str, str], cut: str) -> Said:
    """What the saved searches of rules, gates and health say."""
    names = list(log)
    events = [indexed(line, at, cut) for at, line in enumerate(log.values())]

    def ran(search: str) -> frozenset[str]:
        rows = splunk.ran(splunk.files(), search, events, now_ms=NOW_MS, macro=EACH_ROW)
        return frozenset(names[int(row["place"])] for row in rows)

    found = {rule.id: ran(searches.name(rule.id)) for rule in RULES}
    for gate in GATES:
        due = TICK_MS + gates.LAG * 60_000 + 7_300
        pages = []
        for name in _of_gates(log):
            one = events[names.index(name)]
            rows = splunk.ran(splunk.files(), gates.state_name(gate.id), [one], now_ms=due)
            pages += [name] if rows[0]["state"] == "page" else []
        found[gate.id] = frozenset(pages)
    told = [splunk.ran(splunk.files(), health.TRUNCATED, [one], now_ms=NOW_MS) for one in events]
    return Said(found, frozenset(name for name, rows in zip(names, told, strict=True) if rows))


# Elastic


def documents(log: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the ingest pipeline makes of lines: an event in normal form, with its long texts cut and named."""
    wanted = [column.name for column in COLUMNS if column.kind is not Kind.TIME]
    events = {name: event for name, line in log.items() if (event := _accepted(line)) is not None}
    normal = dict(zip(events, matching.normal(list(events.values()), COLUMNS, wanted), strict=True))
    made = []
    for at, name in enumerate(log):
        own: dict[str, Any] = {"_id": f"{at:06d}", paths.RECEIVED: RECEIVED_MS}
        if name not in events:
            made.append(own | {paths.TIME: RECEIVED_MS, "event.kind": "pipeline_error"})
            continue
        known = {column: _shortened(one) for column, one in normal[name].items()}
        own |= {paths.of(column): one for column, one in known.items() if one != []}
        own |= {paths.TIME: contract.moment(events[name]["event_time"]), "event.kind": "event"}
        empty = [column for column, one in known.items() if one == []]
        cut = [column for column, one in known.items() if one != normal[name][column]]
        marks = {paths.EMPTY_LISTS: empty, paths.TRUNCATED: cut}
        made.append(own | {path: columns for path, columns in marks.items() if columns})
    return made


def _accepted(line: str) -> dict[str, Any] | None:
    try:
        event = contract.parse(line.encode())
        at_ms = contract.moment(event.get("event_time"))
    except contract.NoEventError:
        return None
    return event if ingest.FIRST_MS <= at_ms <= NOW_MS + ingest.SKEW_MS else None


def _shortened(value: Any) -> Any:
    if isinstance(value, list):
        return [_shortened(one) for one in value]
    return value[: fields.LONGEST] if isinstance(value, str) else value


def asked(log: Mapping[str, str]) -> tuple[Said, Said]:
    """What the rules of the pack say, and Lucene of the same; and what the dashboard says was lost."""
    names = list(log)
    made = documents(log)
    held = {ground.STREAM: Index(ground.mapping(COLUMNS), made)}
    esql = {rule.id: ground.places(BY_ID[rule.uuid]["query"], held) for rule in RULES}
    strings = {rule.id: places(lucene.make(COLUMNS).convert(rule), held) for rule in RULES}
    told = _told(made, names)
    return (
        Said(_named(esql, names) | {gate.id: _gated(gate.title, made, names) for gate in GATES}, told),
        Said(_named(strings, names), told),
    )


def _named(found: Mapping[str, Sequence[int]], names: Sequence[str]) -> dict[str, frozenset[str]]:
    return {rule: frozenset(names[at] for at in some) for rule, some in found.items()}


def _gated(title: str, made: Sequence[Mapping[str, Any]], names: Sequence[str]) -> frozenset[str]:
    query = named(elastic.items(), f"MCP gate: {title}")["query"]
    some = [one for one in made if names[int(one["_id"])] in _of_gates(dict.fromkeys(names, ""))]
    return frozenset(
        names[int(one["_id"])] for one in some if run(query, _held([one]), now_ms=TICK_MS + 67_300)
    )


def _held(made: Sequence[Mapping[str, Any]]) -> dict[str, Index]:
    return {ground.STREAM: Index(ground.mapping(COLUMNS), made), **indices(elastic.items())}


def _told(made: Sequence[Mapping[str, Any]], names: Sequence[str]) -> frozenset[str]:
    """What was rejected or cut; the dashboard's panel about the log counts the same."""
    some = [one for one in made if one["event.kind"] == "pipeline_error" or one.get(paths.TRUNCATED)]
    (row,) = run(STATUS, _held(made), now_ms=NOW_MS)
    assert row["rejected"] + row["truncated"] == len(some)
    return frozenset(names[int(one["_id"])] for one in some)


# the tests


@cache
def oracle(hostility: Hostility, folder: Path) -> Said:
    return scanned(lines(hostility), folder)


def differences(want: Said, got: Said) -> dict[str, Any]:
    """By rule and gate: the events about which they differ, and of which `got` does not tell."""
    wrong = {
        name: (found ^ got.verdicts.get(name, found)) - got.told for name, found in want.verdicts.items()
    }
    return {name: some for name, some in wrong.items() if some}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


EACH = pytest.mark.parametrize("hostility", hostile.HOSTILITIES, ids=lambda one: one.name)


@EACH
@pytest.mark.parametrize("cut", CUTS)
def test_splunk_says_what_the_scan_says_or_tells_of_the_event(
    hostility: Hostility, cut: str, folder: Path
) -> None:
    got = searched(lines(hostility), cut)
    assert differences(oracle(hostility, folder), got) == {}
    assert bool(got.told) == (SPLUNK in hostility.told_by)


@EACH
def test_elastic_says_what_the_scan_says_or_tells_of_the_event(hostility: Hostility, folder: Path) -> None:
    want = oracle(hostility, folder)
    for got in asked(lines(hostility)):
        assert differences(want, got) == {}
        assert want.told <= got.told
        assert bool(got.told) == (ELASTIC in hostility.told_by)


SHAPES = {
    "text": '"' + "x" * hostile.MIB + '"',
    "escapes": '"' + '\\"' * (hostile.MIB // 2) + '"',
    "blanks": '"' + " " * hostile.MIB + '"',
    "blanks that end": '"' + " " * hostile.MIB + 'x"',
    "digits": '"' + "9" * hostile.MIB + '"',
    "zeros": '"' + "0" * hostile.MIB + '.x"',
    "a fraction of a second": f'"2026-03-01T12:00:00.{"0" * hostile.MIB}x"',
    "brackets": "[" * hostile.MIB,
    "texts": "[" + '"a", ' * (hostile.MIB // 5) + "1]",
    "keys": json.dumps({str(at): at for at in range(hostile.MIB // 16)}),
    "one key again": "{" + '"a": 1, ' * (hostile.MIB // 8) + '"a": 1}',
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_mebibyte_is_scanned_and_judged_wherever_it_stands(shape: str, tmp_path: Path) -> None:
    """Quadratic time would be hours: the limit of a test ends it."""
    base = BASES["anonymous_call_allowed hit"]
    names = ("server_name", "decision", "latency_ms", "token_scopes", "event_time", "arguments")
    path = tmp_path / "log.ndjson"
    path.write_text(
        "".join(json.dumps({**base, name: "@"}).replace('"@"', shape) + "\n" for name in names), "utf-8"
    )
    seen = look([str(path)], pack=ROOT, now_ms=NOW_MS, with_rules=True, rules=[rule.id for rule in RULES])
    assert seen.intake.events + seen.intake.repeats + seen.intake.rejected == len(names)
