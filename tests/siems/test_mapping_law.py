"""One raw event and one mapping: the same facts in SQL, Python and SPL, whatever stands in the event.

ES|QL sees what an index has kept of events, and is asked about such. The pipeline runs in the live suite.
"""

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Kind
from mcpsoar.detect import mapped, matching, prelude
from mcpsoar.detect.engines.duckdb import connect, literal, quoted, rows
from mcpsoar.kit.mapping import FieldMapping, Source, event
from mcpsoar.pack import schema
from mcpsoar.targets.es import mapped as es
from mcpsoar.targets.es import paths
from mcpsoar.targets.spl import own
from tests.languages.esql import Field, Index, run
from tests.languages.spl.evaluate import Scope, boolean
from tests.languages.spl.expression import parse
from tests.languages.spl.nodes import Node
from tests.languages.spl.values import decided
from tests.siems.mapped_events import MAPPINGS, events, kept_events, nested, stored_as
from tests.targets.spl.splunk import EXTRACTIONS, ROOT, Calculated, Extraction

EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "40"))
COLUMNS = schema.load(ROOT)
ASKED = [column for column in COLUMNS if column.kind is not Kind.TIME]
NAMES = [column.name for column in ASKED]
KINDS = {column.name: column.kind for column in ASKED}
Facts = Mapping[str, Any]


def in_sql(log: Sequence[Facts], mapping: FieldMapping) -> list[Facts]:
    """What the engine makes of the lines, without Python having looked at one."""
    lines = ", ".join(f"({at}, CAST({literal(json.dumps(one))} AS JSON))" for at, one in enumerate(log))
    source = f"(VALUES {lines}) AS lines(place, json)"
    return _normal(mapped.relation(source, COLUMNS, mapping, extra="place AS place"))


def in_python(log: Sequence[Facts], mapping: FieldMapping) -> list[Facts]:
    """What the plain reader makes of them, brought to normal form."""
    with connect() as connection:
        matching.place(connection, [event(one, mapping) for one in log], COLUMNS)
        return _asked(connection, matching.TABLE)


def in_spl(log: Sequence[Facts], mapping: FieldMapping, extraction: Extraction) -> list[dict[str, Any]]:
    """What Splunk's calculated fields make of them."""
    fields = _calculated(mapping)
    nothing = {name: _said(name, one) for name, one in fields.over({"_raw": "{}"}).items() if name in KINDS}
    found = []
    for one in log:
        raw = extraction.fields(json.dumps(one))
        made = fields.over(raw, _touched(mapping))
        found.append({name: nothing.get(name) for name in NAMES})
        found[-1] |= {name: _said(name, made.get(name)) for name in _touched(mapping)}
        for name, node in _listed(mapping).items():
            if not decided(boolean(node, Scope(raw, 0)), "a list"):
                assert found[-1][name] is None
            elif found[-1][name] is None:
                found[-1][name] = []
    return found


def _normal(relation: str) -> list[Facts]:
    with connect() as connection:
        return _asked(connection, relation)


def _asked(connection: Any, relation: str) -> list[Facts]:
    ctes = prelude.relation(relation, COLUMNS, NAMES, extra="place AS place")
    asked = ", ".join(map(quoted, NAMES))
    found = rows(connection, f"WITH {ctes} SELECT {asked} FROM mcp_audit ORDER BY place")
    return [
        {
            column.name: json.loads(value) if column.kind is Kind.TEXTS and value is not None else value
            for column, value in zip(ASKED, row, strict=True)
        }
        for row in found
    ]


def _said(name: str, value: Any) -> Any:
    if value is None:
        return None
    match KINDS[name]:
        case Kind.BOOL:
            return {"true": True, "false": False}[value]
        case Kind.INTEGER:
            return int(value)
        case Kind.NUMBER:
            return float(value)
        case Kind.TEXTS:
            return value if isinstance(value, list) else [value]
        case _:
            return value


def _touched(mapping: FieldMapping) -> frozenset[str]:
    """The columns that an event can have an influence on."""
    read = {column.name for column in ASKED if set(prelude.sources(column)) & set(mapping.fields)}
    return frozenset(read | (set(mapping.fields) & set(NAMES)))


@cache
def _calculated(mapping: FieldMapping) -> Calculated:
    return Calculated(COLUMNS, mapping)


@cache
def _listed(mapping: FieldMapping) -> dict[str, Node]:
    found = {
        column.name: own.held(column, mapping.fields[column.name]).listed
        for column in ASKED
        if column.kind is Kind.TEXTS and column.name in mapping.fields
    }
    return {name: parse(said.text) for name, said in found.items() if said}


def differences(log: Sequence[Facts], one: Sequence[Facts], other: Sequence[Facts]) -> list[Any]:
    return [
        (raw, name, here[name], there[name])
        for raw, here, there in zip(log, one, other, strict=True)
        for name in here
        if here[name] != there[name]
    ]


BENT: list[Facts] = [
    {"target": {"server": 5}, "server": "x", "x": {"target": {"server": "y"}}},
    {"target": {"server": "a"}, "target.server": "b"},
    {"target": {"server": " "}, "target.server": "b"},
    {"target": {"server": None}, "target.server": None},
    {"target": '{"server": "a"}'},
    {"target": [{"server": "a"}]},
    {"target": {"server": ["a"]}},
    {"call": {"depth": 3}, "call.depth": 4, "depth": 5},
    {"call": {"depth": "null"}, "call.ms": 1.5},
    {"call": {"depth": [3]}, "call.depth": 4},
    {"token": {"scope": "r w"}, "needs": "r"},
    {"token": {"scope": "r  w"}, "needs": ["r"]},
    {"token": {"scope": ["r w", "x"]}, "needs": "r,x"},
    {"token.scope": ["r", 5], "needs": []},
    {"token": {"scope": "admin"}, "needs": ","},
    {"token": {"scope": "r a:*"}, "needs": " "},
    {"token": {"aud": ["a"]}, "token.aud": ["b"], "target.server": "a"},
    {"token": {"aud": []}, "call": {"in_scope": "false"}},
    {"outcome": " PERMITTED\u2003"},
    {"outcome": "permitted\n"},
    {"outcome": "allow"},
    {"outcome": True},
    {"outcome": 403},
    {"outcome": ["permitted"]},
    {"outcome": "aXb-c"},
]

CHOSEN: list[Facts] = [
    {"user.name": '{"full": "kim"}'},
    {"user": '{"name.full": "kim"}'},
    {"user": {"name.full": "kim"}},
    {"user.name": {"full": "kim"}, "user": {"name": {"full": "lee"}}},
    {"by": " ", "user": {"name": {"full": "kim"}}},
    {"verdict": 5, "policy": {"verdict": "blocked"}},
    {"verdict": "\u00a0", "policy.verdict": "Blocked"},
    {"user": {"tags": []}, "tags": ["read_only"]},
    {"user": {"tags": "x"}, "tags": ["a"]},
    {"user": {"tags": None}, "tags": ["read_only", 5]},
    {"labels": " ", "scan.labels": "secret.a;b"},
    {"tool-name": " ", "tool name": "t"},
    {"failed": "Failure", "outcome": {"failed": "success"}},
    {"what": "CALL ", "size": "7"},
]


@pytest.mark.parametrize("extraction", EXTRACTIONS, ids=["nulls absent", "nulls text"])
@pytest.mark.parametrize(("mapping", "log"), [(MAPPINGS[1], BENT), (MAPPINGS[2], CHOSEN)], ids=["1", "2"])
def test_a_bent_event_tells_one_story(
    mapping: FieldMapping, log: list[Facts], extraction: Extraction
) -> None:
    """One for each repair: a name at another level, two spellings, types, blanks, pieces, words."""
    oracle = in_python(log, mapping)
    assert not differences(log, in_sql(log, mapping), oracle)
    assert not differences(log, in_spl(log, mapping, extraction), oracle)


@pytest.mark.parametrize("mapping", MAPPINGS, ids=[one.name for one in MAPPINGS])
@settings(max_examples=EXAMPLES // 5, deadline=None)
@given(data=st.data())
def test_every_reader_finds_the_same(mapping: FieldMapping, data: st.DataObject) -> None:
    log = data.draw(st.lists(events(mapping), min_size=4, max_size=16))
    oracle = in_python(log, mapping)
    assert not differences(log, in_sql(log, mapping), oracle)
    for extraction in EXTRACTIONS:
        assert not differences(log, in_spl(log, mapping, extraction), oracle)


@pytest.mark.parametrize("mapping", MAPPINGS, ids=[one.name for one in MAPPINGS])
@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(data=st.data())
def test_what_an_index_has_kept_is_read_the_same(mapping: FieldMapping, data: st.DataObject) -> None:
    log = data.draw(st.lists(kept_events(mapping), min_size=4, max_size=16))
    oracle = [
        {name: _as_set(one[name]) for name in sorted(_touched(mapping))}
        for one in in_python([nested(one) for one in log], mapping)
    ]
    assert not differences(log, in_esql(log, mapping), oracle)


def in_esql(log: Sequence[Facts], mapping: FieldMapping) -> list[Facts]:
    """What the EVALs make of events that are stored under the paths of the mapping."""
    kept = {name: paths.of(name) for name in sorted(_touched(mapping))}
    made = ", ".join(es.evals(COLUMNS, kept, mapping))
    shown = ", ".join(map(paths.quoted, kept.values()))
    fields: dict[str, Any] = {path: kind for path, (kind, _) in stored_as(mapping).items()}
    documents = [{"_id": f"{at:06d}", **one} for at, one in enumerate(log)]
    query = f"FROM x METADATA _id | EVAL {made} | KEEP _id, {shown} | SORT _id"
    found = run(
        query, {"x": Index({path: Field(kind) for path, kind in fields.items()}, documents)}, now_ms=0
    )
    return [
        {
            name: _as_set(
                [row[path]] if KINDS[name] is Kind.TEXTS and isinstance(row.get(path), str) else row.get(path)
            )
            for name, path in kept.items()
        }
        for row in found
    ]


def _as_set(value: Any) -> Any:
    """A stored list has lost its order and its repeats."""
    return sorted(set(value)) if isinstance(value, list) else value


@pytest.mark.parametrize("kind", ["is_error", "chain_depth"])
def test_a_path_that_is_read_as_two_types_is_refused(kind: str) -> None:
    sources = {"server_name": Source(("a",)), kind: Source(("a",))}
    with pytest.raises(Unsupported, match="a is read as keyword and as"):
        es.evals(COLUMNS, list(sources), FieldMapping("g", sources))


def test_a_field_is_read_before_another_takes_its_name() -> None:
    """user.id is theirs for the approver, and ours for the actor."""
    sources = {"actor_id": Source(("user.name",)), "approver_id": Source(("user.id",))}
    mapping = FieldMapping("g", sources)
    made = ", ".join(es.evals(COLUMNS, list(sources), mapping))
    index = Index(
        {"user.name": Field("keyword"), "user.id": Field("keyword")}, [{"user.name": "kim", "user.id": "lee"}]
    )
    (row,) = run(f"FROM x | EVAL {made} | KEEP user.id, mcp.approver_id", {"x": index}, now_ms=0)
    assert row == {"user.id": "kim", "mcp.approver_id": "lee"}
