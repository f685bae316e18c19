"""The README of the pack can be followed: commands are shell, examples are read, events are found."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcpsoar.pack import overlay
from mcpsoar.pack.overlay_complaints import Known
from mcpsoar.siems.asked import Options
from mcpsoar.siems.in_elastic.sample import SAMPLES
from mcpsoar.targets.es import paths
from tests.languages.esql import Index, run
from tests.siems.elastic import built
from tests.siems.elastic.test_rules import EVERY
from tests.siems.elastic.test_tuning import indices
from tests.targets.es import ground
from tests.targets.es.test_gate import TICK

AT = "2026-03-01T11:59:30Z"


def text(options: Options = built.SHIPPED) -> str:
    return built.files(options)["README.md"].decode()


@pytest.mark.parametrize("options", EVERY.values(), ids=EVERY)
def test_nothing_is_left_to_fill_in_and_every_command_is_shell(options: Options) -> None:
    readme = text(options)
    assert not re.search(r"{{[a-z]", readme)
    blocks = re.findall(r"^( *)```sh\n(.*?)^ *```$", readme, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 6
    for _, block in blocks:
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.stderr == ""


def test_every_kind_of_file_is_named() -> None:
    readme = text()
    for path in built.files():
        assert path == "README.md" or path.partition("/")[0] in readme


def test_the_space_and_the_licence_are_those_of_the_build() -> None:
    assert "kibana.example.com\n" in text()
    assert "kibana.example.com/s/soc\n" in text(built.options(space="soc"))
    assert "an alert each minute" in text()
    assert "by `organization.id`, `gate`, `subject`" in text(EVERY["with a licence and tenants"])
    assert "none of this can be tuned" in text(EVERY["across clusters"])
    assert "none of this can be tuned" not in text()


def test_the_overlay_of_the_readme_is_one(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", text(), re.DOTALL)
    path = tmp_path / "overlay.yml"
    path.write_text(block)
    content = built.content()
    known = Known(
        counts=[one.text.id for one in content.gates if one.text.page.ratio is None],
        ratios=[one.text.id for one in content.gates if one.text.page.ratio is not None],
        rules=[rule.id for rule in content.rules],
        columns=content.columns,
    )
    said = overlay.read(path, known)
    assert set(yaml.safe_load(block)) == {
        *("gates", "rules", "approved", "pins", "tickets", "deploy_windows"),
    }
    assert said.approved == ("github", "jira")
    assert built.items(Options(), path)


def test_every_event_of_the_readme_is_found_by_what_it_names() -> None:
    sent = re.search(r"<<'EVENTS'.*?\n(\{.*?)\nEVENTS", text(), re.DOTALL)
    assert sent
    actions, events = sent[1].split("\n")[::2], [json.loads(one) for one in sent[1].split("\n")[1::2]]
    assert set(actions) == {'{"create": {}}'}
    assert events == [{"event_time": "NOW", **sample.event} for sample in SAMPLES]
    rules = {rule.id: rule.title for rule in built.content().rules}
    gates = {one.text.id: f"MCP gate: {one.text.title}" for one in built.content().gates}
    by_name = {one["name"]: one["query"] for one in built.of_kind("detection_rule", built.items()).values()}
    for sample in SAMPLES:
        held = stored({"event_time": AT, **sample.event})
        for name in (*(rules[one] for one in sample.rules), *(gates[one] for one in sample.gates)):
            assert name in text()
            assert run(by_name[name], held, now_ms=TICK + 61_000), name


def stored(event: dict[str, Any]) -> dict[str, Index]:
    held = ground.held([event], ground.columns())
    index = held[ground.STREAM]
    documents = [{**one, paths.RECEIVED: TICK} for one in index.documents]
    return {ground.STREAM: Index(index.fields, documents), **indices(built.items())}
