"""The files of the pack: schema-clean, the same each time, and the same as what a deployment sends."""

import copy
import json
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mcpsoar.cli.pack import pack
from mcpsoar.core.errors import Usage
from mcpsoar.siems import asked, elastic
from mcpsoar.targets.es import paths
from tests.siems.elastic import built

SCHEMAS = ("component_template", "ingest_pipeline", "index_template", "lookup_index", "exception_list")
FILES = built.files()
ITEMS = built.items()


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_object_is_one_that_elastic_takes(kind: str) -> None:
    found = {name: built.complaints(kind, body) for name, body in built.of_kind(kind, ITEMS).items()}
    assert found == {name: [] for name in found}


def test_every_file_is_json_and_its_lines_are_in_a_stable_order() -> None:
    for path, body in FILES.items():
        if path.endswith(".json"):
            again = json.dumps(json.loads(body), indent=2, sort_keys=True, ensure_ascii=False)
            assert body == f"{again}\n".encode()
        elif path.endswith(".ndjson"):
            assert all(isinstance(one, dict) for one in built.lines(body))


def test_no_two_objects_have_one_name() -> None:
    names = [(item.kind, item.name) for item in ITEMS]
    assert len(set(names)) == len(names)


def test_two_builds_are_the_same_to_the_byte() -> None:
    content = asked.content(built.ROOT, built.SHIPPED)
    assert {file.path: file.content for file in elastic.make().files(content)} == FILES


def test_the_rules_are_in_the_order_of_their_files() -> None:
    tags = [rule["tags"] for rule in built.lines(FILES["rules.ndjson"])]
    kinds = ("Rule: ", "Detection: ", "Gate: ", "Late gate: ", "Health: ")
    ids = [next(tag for tag in one if tag.startswith(kinds)) for one in tags]
    assert ids == [one for kind in kinds for one in sorted(ids) if one.startswith(kind)]


def test_documents_follow_the_line_that_names_them(tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yml"
    overlay.write_text("approved: [github, jira]\n")
    body = built.files(built.SHIPPED, overlay)["lookup_indices/mcp-approved-servers.ndjson"]
    lines = built.lines(body)
    assert [built.complaints("bulk_action", one) for one in lines[::2]] == [[], []]
    assert [one["mcp"]["server_name"] for one in lines[1::2]] == ["github", "jira"]
    assert not any(path.endswith("mcp-gates.ndjson") for path in FILES)


def field(template: Any) -> Any:
    return template["template"]["mappings"]["properties"]["user"]["properties"]["id"]


PLANTED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a priority that loses": ("index_template", lambda one: one.update(priority=200)),
    "no data stream": ("index_template", lambda one: one.pop("data_stream")),
    "a misspelt pattern": ("index_template", lambda one: one.update(index_pattern=["x"])),
    "dynamic fields": (
        "component_template",
        lambda one: one["template"]["mappings"].update(dynamic=True),
    ),
    "a type that is none": (
        "component_template",
        lambda one: field(one).update(type="string"),
    ),
    "a normalizer of nobody": (
        "component_template",
        lambda one: field(one).update(normalizer="fold"),
    ),
    "terms that are too long": (
        "component_template",
        lambda one: field(one).update(ignore_above=32766),
    ),
    "a pipeline that loses what it cannot read": ("ingest_pipeline", lambda one: one.pop("on_failure")),
    "a processor of nobody": ("ingest_pipeline", lambda one: one["processors"].append({"sett": {}})),
    "an index that is joined by nobody": ("lookup_index", lambda one: one.update(settings={})),
}


@pytest.mark.parametrize(("kind", "change"), PLANTED.values(), ids=PLANTED)
def test_a_planted_mistake_is_found(kind: str, change: Callable[[Any], Any]) -> None:
    body = copy.deepcopy(next(iter(built.of_kind(kind, ITEMS).values())))
    assert built.complaints(kind, body) == []
    change(body)
    assert built.complaints(kind, body)


def test_the_tenants_field_is_stored() -> None:
    items = built.items(built.options(tenant="organization.id"))
    mapped = built.of_kind("component_template", items)["mcp-audit@mappings"]["template"]["mappings"]
    own = mapped["properties"]["organization"]["properties"]["id"]
    assert own == {"type": "keyword", "ignore_above": 8191}
    again = built.items(built.options(tenant="user.id"))
    mapped = built.of_kind("component_template", again)["mcp-audit@mappings"]["template"]["mappings"]
    assert mapped["properties"]["user"]["properties"]["id"]["type"] == "keyword"


def test_the_tenants_field_is_kept_on_the_way_in() -> None:
    items = built.items(built.options(tenant="organization.id"))
    pipeline = built.of_kind("ingest_pipeline", items)["mcp-audit"]
    kept = [step["script"]["params"]["kept"] for step in _steps(pipeline) if "kept" in _params(step)]
    assert len(kept) == 2
    assert all("organization" in one for one in kept)
    first, *others = pipeline["processors"]
    assert _params(first)["parts"] == ["organization", "id"]
    assert not any("parts" in _params(one) for one in others)
    own = built.of_kind("ingest_pipeline", built.items(built.options(tenant="user.id")))
    assert own == built.of_kind("ingest_pipeline", ITEMS)
    with pytest.raises(Usage, match="'mcp'"):
        built.items(built.options(tenant="mcp.customer"))


def _steps(pipeline: Mapping[str, Any]) -> list[Any]:
    return [*pipeline["processors"], *pipeline["on_failure"]]


def _params(step: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = step.get("script", {}).get("params", {})
    return found


def test_a_stream_of_another_name_has_the_template() -> None:
    items = built.items(built.options(index="audit-a-*,audit-b"))
    assert built.of_kind("index_template", items)["mcp-audit"]["index_patterns"] == ["audit-a-*", "audit-b"]
    assert built.of_kind("index_template", ITEMS)["mcp-audit"]["index_patterns"] == [paths.INDEX]


def test_the_command_writes_the_pack_in_ten_seconds_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a build asked the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    started = time.process_time()  # of this process: what else the machine does is not the build's
    done = CliRunner().invoke(pack, ["build", "elastic", "-o", str(tmp_path), "--format", "json"])
    assert done.exit_code == 0, done.output
    assert time.process_time() - started < 10
    written = {one["path"]: one["bytes"] for one in json.loads(done.output)["files"]}
    assert written == {path: len(body) for path, body in FILES.items()}
    assert all((tmp_path / path).read_bytes() == body for path, body in FILES.items())
