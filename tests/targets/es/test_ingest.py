"""The ingest pipeline as JSON: its shape, its tables, and what it refuses. It runs in the live suite."""

import json
from dataclasses import replace

import pytest

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.kit.mapping import FieldMapping, Source
from mcpsoar.targets.es import fields, ingest, mapped, paths
from tests.targets.es import ground

COLUMNS = ground.columns()
PIPELINE = ingest.pipeline(COLUMNS)
SCRIPTS = [step["script"] for step in (*PIPELINE["processors"], *PIPELINE["on_failure"]) if "script" in step]
MAIN = SCRIPTS[1]


def test_the_pipeline_is_the_one_that_was_read(golden: object) -> None:
    """In three pieces, because a script in JSON is one line."""
    folder = ground.ROOT / "tests" / "golden" / "elastic"
    told = json.loads(json.dumps(PIPELINE))
    for step in (*told["processors"], *told["on_failure"]):
        if "script" in step:
            step["script"]["source"] = step["script"]["source"].splitlines()
    assert callable(golden)
    golden(folder / "pipeline.json", json.dumps(told, indent=1) + "\n")


def test_every_column_of_the_template_comes_from_one_of_the_table() -> None:
    told = {one["path"] for one in MAIN["params"]["columns"]} | {paths.TIME, paths.RECEIVED}
    beside = {
        *(paths.EMPTY_LISTS, paths.TRUNCATED, paths.ARGUMENTS, paths.ADDRESS),
        *("event.kind", "event.dataset", "error.message"),
    }
    there: set[str] = set()

    def walk(properties: dict[str, dict[str, object]], above: str) -> None:
        for name, kind in properties.items():
            inner = kind.get("properties")
            if isinstance(inner, dict):
                walk(inner, f"{above}{name}.")
            else:
                there.add(f"{above}{name}")

    walk(fields.template(COLUMNS)["template"]["mappings"]["properties"], "")
    assert there == told | beside


def test_an_event_has_a_column_where_its_source_has_it() -> None:
    made = ingest.pipeline(COLUMNS, {"tool_name": "call.tool", "event_time": "ts", "arguments": "call.args"})
    params = made["processors"][4]["script"]["params"]
    sources = {one["name"]: one["from"] for one in params["columns"]}
    assert sources["tool_name"] == "call.tool"
    assert sources["server_name"] == "server_name"
    assert params["time"] == "ts"
    assert params["arguments"]["from"] == "call.args"


def test_steps_before_stand_behind_what_reads_an_event_however_they_look() -> None:
    steps = [{"script": {"source": "", "params": {"columns": [name]}}} for name in ("a", "b")]
    made = ingest.pipeline(COLUMNS, before=steps)["processors"]
    assert made == [*PIPELINE["processors"][:4], *steps, *PIPELINE["processors"][4:]]


def test_a_users_own_fields_are_put_in_place_before_the_normal_form() -> None:
    mapping = FieldMapping("calls", {"tool_name": Source(("call.tool",))})
    made = mapped.pipeline(COLUMNS, mapping, kept=["org"])["processors"]
    step = made.pop(4)["script"]["params"]
    assert made == ingest.pipeline(COLUMNS, kept=["org"])["processors"]
    assert step["fields"]["tool_name"] == {"paths": ["call.tool"]}
    assert step["kept"] == made[4]["script"]["params"]["kept"]


def test_no_script_depends_on_a_customers_fields_or_uses_a_regular_expression() -> None:
    """Compiled once, whatever the mapping; and clusters may forbid regular expressions in scripts."""
    other = ingest.pipeline(COLUMNS, {"tool_name": "call.tool"})["processors"][4]["script"]
    assert other["source"] == MAIN["source"]
    for script in SCRIPTS:
        assert "=~" not in script["source"]
        assert "Pattern" not in script["source"]
        assert len(script["source"].encode()) <= ingest.MOST_BYTES


def test_the_event_goes_before_a_failure_is_told() -> None:
    """OpenSearch copies the whole event for each script: what failed one would fail the next."""
    assert PIPELINE["on_failure"][0] == {"remove": {"field": "mcpsoar_event", "ignore_missing": True}}


def test_a_derived_column_that_painless_cannot_say_is_refused_with_its_place() -> None:
    column = replace(
        next(one for one in COLUMNS if one.name == "has_ticket"),
        derived="lower(change_ticket) = 'x'",
        where="schema.sql:9",
    )
    others = [one for one in COLUMNS if one.name != "has_ticket"]
    with pytest.raises(Unsupported, match=r"schema\.sql:9: has_ticket: Lower is not printed as Painless"):
        ingest.pipeline([*others, column])


def test_a_script_that_elasticsearch_would_not_take_is_refused() -> None:
    many = [
        Column(f"c{number}", Kind.BOOL, "x", derived="approval_id IS NULL AND " * 30 + "TRUE")
        for number in range(60)
    ]
    with pytest.raises(Unsupported, match="64 KiB"):
        ingest.pipeline([*COLUMNS, *many])
