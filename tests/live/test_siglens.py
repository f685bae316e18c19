"""Every rule in SPL, on a real engine: where SigLens means what Splunk means, it finds what the scan finds.

Where it does not (1.0.56d), and what is done about it:
- It has no macros: ours is taken away.
- It has no IN in a search: asked as OR, which is the same to Splunk (Search Reference, "search").
- It reads `=true` as a truth value, which no text of an event is and Splunk's fields have none but texts:
  asked in quotation marks, which Splunk needs for texts with spaces only (ibid.).
- It orders numbers alone, Splunk also texts that look like them: it gets numbers.
- It reads NOT as != by De Morgan's laws (its pkg/ast/spl/spl.peg, ClauseLevel2), so NOT never holds for an
  event without the field. To Splunk that is what tells the two apart (Search Manual, "Difference between
  != and NOT"). So it is asked about the events that have every field that a rule denies; about the others
  it may say less than the scan, never more.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import pytest
from sqlglot import exp

from mcpsoar.core.event import Kind
from mcpsoar.detect.matching import referenced
from mcpsoar.targets import splunk, sql
from tests.equality import asked
from tests.equality.languages import in_sql
from tests.live import siglens
from tests.live.siglens import Server
from tests.targets.spl.splunk import COLUMNS, EXTRACTIONS, event

NUMBERS = {column.name for column in COLUMNS if column.kind in (Kind.INTEGER, Kind.NUMBER)}
PREDICATES = sql.predicates(asked.RULES, COLUMNS)
NAMES = referenced(PREDICATES.values())
MACRO = "`mcp_audit_events` "
PART = "about events without a field that they deny: NOT is != there"
ABSENCE = "at all: they look for events without a field"
_IN = re.compile(r'(\w+) IN \(("[^"]*"(?:, "[^"]*")*)\)')
Facts = Mapping[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    why = siglens.why_none()
    if why is not None:
        pytest.skip(why)
    with siglens.running() as started:
        yield started


def test_every_rule_in_spl_finds_what_the_scan_finds(
    server: Server, unasked: MutableMapping[str, str]
) -> None:
    """Cases in every spelling and a sample of the corpora, as the add-on's calculated fields leave them."""
    events = asked.events()
    held = [_held(one, at) for at, one in enumerate(events)]
    server.stored(held)
    want = in_sql(asked.RULES, events)
    compared: list[str] = []
    more: dict[str, set[int]] = {}
    other: dict[str, set[int]] = {}
    told: defaultdict[str, list[str]] = defaultdict(list)
    for rule in asked.RULES:
        query = splunk.make(COLUMNS).convert(rule).removeprefix(MACRO)
        got, scanned = set(server.found(spelled(query))), {*map(int, want[rule.id])}
        same = {at for at, one in enumerate(held) if denied(PREDICATES[rule.id]) <= one.keys()}
        more[rule.id], other[rule.id] = got - scanned, (got ^ scanned) & same
        if scanned & same:
            compared.append(rule.id)
        for why in _otherwise(server, query, got):
            told[why].append(rule.id)
        if not scanned <= same:
            told[PART if scanned & same else ABSENCE].append(rule.id)
    for why, names in told.items():
        unasked[f"SigLens, {len(names)} of {len(asked.RULES)} rules {why}"] = ", ".join(names)
    assert {name: places for name, places in more.items() if places} == {}
    assert {name: places for name, places in other.items() if places} == {}
    assert len(compared) > len(asked.RULES) * 3 // 4


def spelled(query: str) -> str:
    """A search in words that SigLens knows, the same to Splunk."""
    asked_as_or = _IN.sub(
        lambda found: "(" + " OR ".join(f"{found[1]}={one}" for one in found[2].split(", ")) + ")", query
    )
    return re.sub(r"=(true|false)\b", r'="\1"', asked_as_or)


def denied(predicate: exp.Expression) -> set[str]:
    """The columns under a NOT, or asked whether they are absent."""
    return {column.name for one in predicate.find_all(exp.Not, exp.Is) for column in one.find_all(exp.Column)}


def _held(facts: Facts, at: int) -> dict[str, Any]:
    found = event(facts, extraction=EXTRACTIONS[at % 2], wanted=NAMES)
    return {
        name: json.loads(found[name]) if name in NUMBERS else found[name] for name in NAMES if name in found
    }


def _otherwise(server: Server, query: str, got: set[int]) -> Iterator[str]:
    """What a search had to be asked in other words for: SigLens' answer to ours."""
    try:
        if set(server.found(query)) != got:
            yield "as written: finds none by =true and =false, asked in quotation marks"
    except RuntimeError as error:
        words = str(error).rpartition("err: ")[2].partition(", expected")[0]
        yield f"as written: refused, asked with OR for IN ({words.partition(': ')[2]})"
