"""The pack as files: the same each time, as Splunk wants it, tuned without touching a search, upgraded."""

import gzip
import io
import json
import re
import tarfile
import time
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

import mcpsoar
from mcpsoar.cli import main
from mcpsoar.core.errors import Unsupported, Usage
from mcpsoar.pack.overlay import GateTuning, RuleTuning, Tuning
from mcpsoar.siems import splunk
from mcpsoar.siems.in_splunk import conf, gates, rules
from mcpsoar.targets.spl import fields
from tests.siems.splunk import built

RULE = "denied_call_executed"
GATE = "scope-mismatch"


def test_two_builds_are_the_same_and_are_quick() -> None:
    start = time.process_time()  # the machine may be busy with others
    first = list(splunk.make().files(built.content()))
    assert time.process_time() - start < 10
    assert first == list(splunk.make().files(built.content()))
    assert [file.path for file in first] == [
        f"mcpsoar-{mcpsoar.__version__}.tgz",
        f"TA-mcpsoar-{mcpsoar.__version__}.tgz",
        "README.md",
    ]


def test_a_package_says_nothing_of_when_and_by_whom_it_was_built() -> None:
    for file in splunk.make().files(built.content()):
        if not file.path.endswith(".tgz"):
            continue
        assert file.content[3] == 0  # no name, no comment (RFC 1952 §2.3)
        assert file.content[4:8] == b"\0\0\0\0"
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(file.content))) as tar:
            entries = tar.getmembers()
        assert [one.name for one in entries] == sorted(one.name for one in entries)
        assert {(one.uid, one.gid, one.uname, one.gname) for one in entries} == {(0, 0, "", "")}
        assert len({one.mtime for one in entries}) == 1
        assert {one.mode for one in entries} == {0o755, 0o644}
        assert len({one.name.partition("/")[0] for one in entries}) == 1


def test_the_command_writes_the_pack(tmp_path: Path) -> None:
    asked = ["--index", "audit", "--tenant-field", "org"]
    assert main.main(["pack", "build", "splunk", "-o", str(tmp_path), *asked]) == 0
    made = {file.path for file in splunk.make().files(built.content())}
    assert {path.name for path in tmp_path.iterdir()} == made | {"pack-files.json"}


OVERLAY = """
gates:
  scope-mismatch: {page: ">= 2 %", window: 30m, owner: Identity, enabled: true}
rules:
  denied_call_executed: {every: 15m, allow: [{server_name: lab}]}
  error_loop: {level: critical, allow: [{conversation_id: c-1}]}
approved: [crm]
tickets: {crm: CHG-1}
"""


def test_the_overlay_of_a_file_is_built_in(tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yml"
    overlay.write_text(OVERLAY)
    out = tmp_path / "out"
    assert main.main(["pack", "build", "splunk", "-o", str(out), "--overlay", str(overlay)]) == 0
    with tarfile.open(next(out.glob("mcpsoar-*.tgz"))) as tar:
        text = tar.extractfile("mcpsoar/default/macros.conf")
        assert text is not None
        macros = conf.stanzas(text.read().decode())
    assert "$numerator$*50>=$denominator$*1" in macros["mcp_scope_mismatch_state(3)"]["definition"]
    assert macros["mcp_scope_mismatch_window"]["definition"] == "30"
    assert '(server_name."")!="lab"' in macros["mcp_denied_call_executed_filter"]["definition"]
    assert '(subject."")!="c-1"' in macros["mcp_error_loop_filter"]["definition"]
    assert '(server_name."")="crm", "true"' in macros["mcp_approved_list"]["definition"]
    assert '"CHG-1"' in macros["mcp_fill_manifest"]["definition"]


@pytest.mark.parametrize(
    "options",
    [
        *({"index": one} for one in ("*", 'a" | delete', "A", "a*")),
        *({"tenant": one} for one in ("a b", "`x`", "a|b")),
    ],
)
def test_an_option_that_would_become_a_search_is_refused(options: Mapping[str, str]) -> None:
    with pytest.raises(Usage):
        list(splunk.make().files(built.tuned(Tuning(), **options)))


def test_the_index_is_in_one_macro_alone() -> None:
    files = built.unpacked(built.tuned(Tuning(), index="audit"))
    assert built.macros(files)["mcp_audit_events"] == 'index="audit" sourcetype="mcp:audit"'
    same = {path for path, one in files.items() if one == built.files()[path]}
    assert set(files) - same == {"mcpsoar/default/macros.conf"}
    assert not any("index=" in one["search"] for one in built.searches(files).values())


def test_the_fields_shipped_are_the_target_s() -> None:
    props = built.stanzas(built.files(), "TA-mcpsoar/default/props.conf")["mcp:audit"]
    for name, expression in fields.calculated(built.content().columns).items():
        assert props[f"EVAL-{name}"] == expression


def test_every_rule_and_gate_has_its_searches_and_macros() -> None:
    searches, macros = built.searches(built.files()), built.macros(built.files())
    for rule in built.content().rules:
        assert rules.name(rule.id) in searches
        assert macros[rules.filter_macro(rule.id)] == "search *"
    for gate in built.content().gates:
        assert {gates.name(gate.text.id), gates.state_name(gate.text.id)} <= set(searches)


def test_annotations_name_the_techniques() -> None:
    rule = next(one for one in built.content().rules if "atlas.aml.t0091.000" in one.tags)
    said = json.loads(
        built.searches(built.files())[rules.name(rule.id)]["action.correlationsearch.annotations"]
    )
    assert "AML.T0091.000" in said["mitre_atlas"]
    assert not any(one.startswith("V5") for one in said["mitre_atlas"])


def test_dashboards_are_well_formed_and_ask_what_there_is() -> None:
    pages = {path: one.decode() for path, one in built.files().items() if path.endswith(".xml")}
    assert len(pages) == 4
    for path, page in pages.items():
        root = fromstring(page)  # our own text
        assert root.tag == "nav" or root.get("version") == "1.1", path
        for query in re.findall("<query>(.*?)</query>", page):
            assert unescape(query).startswith("`mcp_audit_events` | where server_name=$server|s$")


TUNING = Tuning(
    gates={GATE: GateTuning(min_denominator=500, window_ms=30 * 60_000)},
    rules={RULE: RuleTuning(allow=((("server_name", "lab"),),))},
    approved=("crm",),
    pins={"crm": "aa"},
)


def test_tuning_never_enters_a_search() -> None:
    plain, tuned = built.searches(built.files()), built.searches(built.unpacked(built.tuned(TUNING)))
    assert {name: one["search"] for name, one in plain.items()} == {
        name: one["search"] for name, one in tuned.items()
    }


def merged(*layers: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Conf files of one app as Splunk layers them: local over default, key by key."""
    found: dict[str, dict[str, str]] = {}
    for layer in layers:
        for stanza, settings in layer.items():
            found[stanza] = {**found.get(stanza, {}), **settings}
    return found


def test_an_upgrade_keeps_what_was_tuned_and_brings_the_new_search() -> None:
    """The folder `default` is replaced, `local` stays: what an analyst set there and what they did not."""
    old = built.content()
    rule = next(one for one in old.rules if one.id == RULE)
    newer = replace(rule, text=rule.text.replace("decision: deny", "decision: [deny, error]"), level="low")
    assert newer.text != rule.text
    new = replace(old, rules=tuple(newer if one.id == RULE else one for one in old.rules))
    name, state = rules.name(RULE), "mcp_scope_mismatch_state(3)"
    local = {
        "savedsearches.conf": {
            name: {"disabled": "0", "alert.suppress.period": "4h", "action.email": "1"},
            gates.name(GATE): {"disabled": "0", "alert.suppress.period": "2h"},
            "Our own": {"search": "index=ours"},
        },
        "macros.conf": {
            rules.filter_macro(RULE): {"definition": 'where server_name!="lab"'},
            state: {"definition": 'case($numerator$>0, "page", true(), "ok")'},
            "mcp_audit_events": {"definition": 'index="siem" sourcetype="mcp:audit"'},
        },
    }
    before, after = built.files(), built.unpacked(new)
    for file, changed in local.items():
        path = f"mcpsoar/default/{file}"
        effective = merged(built.stanzas(after, path), changed)
        was = merged(built.stanzas(before, path), changed)
        for stanza, settings in changed.items():
            assert settings.items() <= effective[stanza].items()
        differs = {
            (stanza, key)
            for stanza, settings in effective.items()
            for key, value in settings.items()
            if was.get(stanza, {}).get(key) != value
        }
        if file == "macros.conf":
            assert differs == set()
        else:
            assert {stanza for stanza, _ in differs} == {name}
            assert {"search", "alert.severity", "action.notable.param.severity"} <= {
                key for _, key in differs
            }
            assert effective[name]["alert.suppress.period"] == "4h"
            assert "error" in effective[name]["search"]
    assert not any("/local/" in path or path.endswith("local.meta") for path in after)


def test_no_list_of_the_user_s_is_a_file_that_an_upgrade_replaces() -> None:
    assert not any("/lookups/" in path for path in built.files())
    collections = built.stanzas(built.files(), "mcpsoar/default/collections.conf")
    assert set(collections) == {"mcp_approved_servers", "mcp_pins", "mcp_tickets", "mcp_deploy_windows"}


def test_a_pack_that_the_lint_refuses_is_not_built() -> None:
    gate = built.content().gates[0]
    broken = replace(gate, text=replace(gate.text, title="a\n\nb [x]"))
    with pytest.raises(Unsupported, match="cannot be a value"):
        list(splunk.make().files(replace(built.content(), gates=(broken,))))


def test_the_objects_for_rest_are_those_of_the_files() -> None:
    items = splunk.make().items(built.content())
    by_kind: dict[str, dict[str, Mapping[str, str]]] = {}
    for item in items:
        by_kind.setdefault(item.kind, {})[item.name] = item.body
    paths = {
        "saved/searches": "savedsearches",
        "configs/conf-macros": "macros",
        "configs/conf-transforms": "transforms",
        "storage/collections/config": "collections",
    }
    for kind, name in paths.items():
        shipped = built.stanzas(built.files(), f"mcpsoar/default/{name}.conf")
        assert {one: dict(body) for one, body in by_kind[kind].items()} == shipped
    assert set(by_kind) == {*paths, "data/ui/views"}
    for item in items:
        assert all(isinstance(one, str) for one in item.body.values())


def test_the_manifests_agree_with_the_conf() -> None:
    for app in ("mcpsoar", "TA-mcpsoar"):
        manifest = json.loads(built.files()[f"{app}/app.manifest"])
        settings = conf.stanzas(built.files()[f"{app}/default/app.conf"].decode())
        assert manifest["info"]["id"]["name"] == settings["package"]["id"] == settings["id"]["name"] == app
        assert manifest["info"]["id"]["version"] == settings["launcher"]["version"] == mcpsoar.__version__
