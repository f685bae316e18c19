"""An overlay is read whole, or every complaint about it has its line."""

from pathlib import Path

import pytest

from mcpsoar.core.content import Ratio, Threshold
from mcpsoar.core.errors import BadContent
from mcpsoar.pack import overlay, schema
from mcpsoar.pack.overlay import DeployWindow, GateTuning, RuleTuning, Tuning
from mcpsoar.pack.overlay_complaints import Known

ROOT = Path(__file__).resolve().parents[2]
KNOWN = Known(["registry-drift"], ["scope-mismatch"], ["shadow_server"], schema.load(ROOT))


def read(folder: Path, text: str) -> Tuning:
    path = folder / "overlay.yml"
    path.write_text(text)
    return overlay.read(path, KNOWN)


def test_everything_that_can_be_said_is_read(tmp_path: Path) -> None:
    said = """
gates:
  scope-mismatch: {page: ">= 2 %", window: 1h, min_denominator: 200, owner: Identity, enabled: false}
rules:
  shadow_server: {level: critical, every: 15m, allow: [{tool_name: a, actor_id: svc}]}
approved: [github]
pins: {github: "abc"}
tickets: {github: CHG-1}
deploy_windows: [{server_name: github, from: 2026-03-01T20:00:00Z, to: 2026-03-01T21:00:00+01:00}]
"""
    with pytest.raises(BadContent, match="ends before it begins"):
        read(tmp_path, said)
    assert read(tmp_path, said.replace("+01:00", "Z")) == Tuning(
        gates={
            "scope-mismatch": GateTuning(
                page=Threshold(Ratio(1, 50), inclusive=True),
                window_ms=3_600_000,
                min_denominator=200,
                owner="Identity",
                enabled=False,
            )
        },
        rules={
            "shadow_server": RuleTuning(
                level="critical", every_minutes=15, allow=((("actor_id", "svc"), ("tool_name", "a")),)
            )
        },
        approved=("github",),
        pins={"github": "abc"},
        tickets={"github": "CHG-1"},
        deploy_windows=(DeployWindow("github", 1_772_395_200_000, 1_772_398_800_000),),
    )


def test_an_empty_file_tunes_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Tuning()


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("gates:\n  scope-mismatc: {}", ":2: 'scope-mismatc' means nothing here; the nearest is 'scope-mis"),
        ("gates:\n  scope-mismatch:\n    page: '> 0'", ":3: scope-mismatch is a ratio"),
        ("gates:\n  registry-drift:\n    page: '> 1 %'", ":3: registry-drift is a count"),
        ("gates:\n  registry-drift:\n    page: soon", ":3: page is"),
        ("gates:\n  registry-drift:\n    window: 30s", ":3: window is whole minutes"),
        ("gates:\n  scope-mismatch:\n    min_numerator: true", ":3: min_numerator is a whole number"),
        ("gates:\n  scope-mismatch:\n    severity: awful", ":3: severity is one of"),
        ("gates:\n  scope-mismatch:\n    enabled: 1", ":3: enabled is true or false"),
        ("gates:\n  scope-mismatch:\n    page: '> 100 %'", ":3: no ratio is so large"),
        ("gates:\n  scope-mismatch:\n    page: '>= 200 %'", ":3: no ratio is so large"),
        ("gates:\n  scope-mismatch:\n    window: 25h", ":3: no window is longer than 24h"),
        ("gates:\n  registry-drift:\n    min_denominator: 5", ":3: registry-drift is a count"),
        ("deploy_windows: [{server_name: 5, from: x, to: y}]", ":1: server_name is a name"),
        ("gates: [1]", ":1: gates is a map by id"),
        ("rules:\n  shadow_server: 1", ":2: is a map of settings"),
        ("rules:\n  shadow_server:\n    level: loud", ":3: level is one of"),
        ("rules:\n  shadow_server:\n    every: 7m", ":3: every is whole minutes that divide 60"),
        ("rules:\n  shadow_server:\n    every: 2h", ":3: every is whole minutes that divide 60"),
        ("rules:\n  shadow_server:\n    owner: ' '", ":3: owner is a name"),
        ("rules:\n  shadow_server:\n    allow: [{}]", ":3: allow is a list of maps"),
        ("rules:\n  shadow_server:\n    allow: [{bytes_out: x}]", ":3: 'bytes_out' means nothing here"),
        ("rules:\n  shadow_server:\n    allow: [{tool_name: 5}]", ":3: is a text"),
        ("approved: github", ":1: approved is a list"),
        ("pins: {github: 5}", ":1: pins is a map"),
        ("deploy_windows: [{server_name: a, from: x, to: y}]", ":1: from and to are times"),
        ("deploy_windows: [{server_name: a}]", ":1: has server_name, from and to"),
        ("query: x", ":1: 'query' means nothing here"),
        ("- a", ":1: is no overlay"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, said: str, complaint: str) -> None:
    with pytest.raises(BadContent) as caught:
        read(tmp_path, said)
    assert complaint in str(caught.value)
