"""`mcpsoar pack plan|apply|drift` with the real pack, as a person types it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import deploying
from mcpsoar.cli.main import main
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.siems.asked import Options
from mcpsoar.siems.deploy.steps import Action
from mcpsoar.siems.objects import Item
from tests.conftest import ROOT
from tests.siems.disk import no_waiting_for_the_disk
from tests.siems.site import Site
from tests.siems.sites import SITES

__all__ = ["no_waiting_for_the_disk"]  # a fixture


@cache
def built(siem: str) -> tuple[Item, ...]:
    """The real pack, built once: it takes seconds, and each command would build it anew."""
    return deploying.items(ROOT, siem, Options())


@pytest.fixture(params=sorted(SITES))
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A SIEM with nothing of ours, and settings that name it."""
    pack, build = built(request.param), deploying.items

    def quick(root: Path, siem: str, options: Options, **files: Path | None) -> tuple[Item, ...]:
        return build(root, siem, options, **files) if any(files.values()) else pack

    monkeypatch.setattr(deploying, "items", quick)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
    with SITES[request.param](tmp_path / "home") as made:
        assert made.binding.token
        monkeypatch.setenv("SIEM_TOKEN", made.binding.token.reveal())
        said = {"url": made.binding.base_url, **made.binding.options}
        table = "".join(f"{key} = {json.dumps(value)}\n" for key, value in said.items())
        table = f'[profiles.prod.{made.siem}]\ntoken = {{ env = "SIEM_TOKEN" }}\n{table}'
        Path("mcpsoar.toml").write_text(table)
        yield made


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["pack", *words])
    told = capsys.readouterr()
    assert "nobody-may-see" not in told.out + told.err
    return code, told.out if code != 2 else told.err


def document(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code, out = run(capsys, *words, "--format", "json", "-q")
    return code, json.loads(out)


def test_the_pack_is_planned_applied_and_then_as_it_should_be(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    code, planned = document(capsys, "plan", site.siem)
    assert (code, planned["verdict"]) == (0, "changes")
    assert planned["counts"]["create"] == len(planned["steps"]) > 50
    assert not site.faults.writes()
    code, done = document(capsys, "apply", site.siem, "--plan", planned["plan"])
    assert (code, done["verdict"]) == (0, "applied"), [
        one for one in done["outcomes"] if one["end"] != "done"
    ]
    assert len(done["outcomes"]) == planned["counts"]["create"]
    code, again = document(capsys, "plan", site.siem)
    assert (code, again["verdict"], again["steps"]) == (0, "nothing_to_do", [])
    site.faults.calls.clear()
    assert run(capsys, "apply", site.siem, "-q") == (0, "nothing to do\n")
    assert not site.faults.writes()
    code, said = run(capsys, "drift", site.siem)
    assert code == 0
    assert said.startswith("no of ")

    site.edit("a \x1b[2J search\nof an analyst")
    code, said = run(capsys, "drift", site.siem)
    assert code == 1
    assert "\x1b" not in said
    assert "+ a \\x1b[2J search" in said
    assert "edited there, kept" in said
    code, told = document(capsys, "drift", site.siem)
    assert (code, told["verdict"], len(told["steps"])) == (1, "drift", 1)
    assert told["steps"][0]["drifted"] is True
    name = told["steps"][0]["title"] or told["steps"][0]["name"]
    code, said = run(capsys, "plan", site.siem, "--overwrite", name)
    assert code == 0
    assert "1 to change" in said
    digest = said.split()[1]
    assert f"mcpsoar pack apply {site.siem} --overwrite" in said.splitlines()[-1]
    assert said.splitlines()[-1].endswith(f" --plan {digest}")
    assert run(capsys, "apply", site.siem, "--overwrite", name, "-q")[0] == 0
    assert run(capsys, "drift", site.siem)[0] == 0


def test_drift_clears_nobody_where_nothing_is_remembered(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pack", "drift", site.siem]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert "nothing is remembered of this place" in told.err
    assert f"  next     mcpsoar pack plan {site.siem} --profile prod" in told.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("plan", "nosuch"), "no siem named 'nosuch' can be deployed to; there are: elastic, splunk"),
        (("plan", "SIEM", "--profile", "nosuch"), "there is no profile 'nosuch'"),
        (("apply", "SIEM", "--plan", "sha256:0"), "nothing was sent: the plan is sha256:"),
        (("plan", "SIEM", "--overwrite", "nosuch"), "nothing to overwrite"),
        (("plan", "SIEM", "--overlay", "nosuch.yml"), "nosuch.yml"),
        (("drift", "SIEM", "--adopt"), "No such option"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_sent(
    site: Site, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    code, said = run(capsys, *(site.siem if word == "SIEM" else word for word in words))
    assert code == 2
    assert why.lower() in said.lower()
    assert not site.faults.writes()


def test_a_token_that_is_refused_and_settings_that_are_not_there_have_a_next_command(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIEM_TOKEN", "another")
    following = f"  next     mcpsoar pack plan {site.siem} --config FILE\n"
    assert main(["pack", "apply", site.siem]) == 3
    assert capsys.readouterr().err.endswith(following)
    Path("mcpsoar.toml").unlink()
    code, said = run(capsys, "apply", site.siem)
    assert code == 2
    assert "neither ./mcpsoar.toml nor /" in said
    assert said.endswith(following)


def test_a_siem_that_does_not_answer_is_a_3(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.faults.set(1, "before", often=10_000)
    for verb in ("drift", "apply"):
        assert run(capsys, verb, site.siem)[0] == 3
    site.faults.set(0, "before")


def test_a_secret_that_is_not_there_stops_its_own_commands_alone(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path("mcpsoar.toml")
    path.write_text(path.read_text() + '[profiles.prod]\napi = "http://127.0.0.1:9"\n')
    monkeypatch.delenv("SIEM_TOKEN")
    code, said = run(capsys, "plan", site.siem)
    assert code == 2
    assert "mcpsoar.toml:" in said
    assert "empty or not there" in said
    assert main(["contain", "github", "--dry-run"]) == 0
    capsys.readouterr()


def test_a_profile_of_a_siem_alone_contains_nothing_and_says_so(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site
    assert main(["contain", "github"]) == 2
    assert "registry" in capsys.readouterr().err


OVERLAY = """
gates:
  scope-mismatch: {page: ">= 2 %", min_denominator: 200}
rules:
  anonymous_call_allowed: {level: low, allow: [{server_name: lab-fetch}]}
"""


def test_tuning_is_deployed_without_a_change_of_any_query(site: Site, tmp_path: Path) -> None:
    """Old pack, an analyst's own edit, and the pack tuned by an overlay."""
    path = tmp_path / "tuning.yml"
    path.write_text(OVERLAY)
    tuned = deploying.items(ROOT, site.siem, Options(), tuning=path)
    with site.place() as place:
        assert place.apply(built(site.siem))[2] is Verdict.YES
        site.edit("an analyst's own")
        plan = place.plan(tuned)
        changed = {
            (step.item.kind, key.key)
            for step in plan.steps
            for key in step.changes
            if step.action is Action.CHANGE
        }
        assert changed
        assert not {key for _, key in changed} & {"search", "query"}
        assert not plan.in_conflict
        assert place.apply(tuned)[2] is Verdict.YES
        after = place.plan(tuned)
        assert not [step for step in after.steps if step.is_sent]
        assert sum(step.drifted for step in after.steps) == 1
        assert "an analyst's own" in str(site.fake.held())


def test_a_forgotten_option_changes_nothing(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    Path("ov.yml").write_text(OVERLAY)
    field = site.tenant
    said = (site.siem, "--tenant-field", field, "--overlay", "ov.yml")
    assert run(capsys, "apply", *said, "-q")[0] == 0
    site.faults.calls.clear()
    for verb in ("plan", "apply", "drift"):
        for words in ((site.siem,), said[:3], (site.siem, *said[3:])):
            code, told = run(capsys, verb, *words)
            assert code == 2
            assert f"last applied with --tenant-field {field}" in told
            assert "and an overlay; say them again, or --change-options" in told
    code, told = run(capsys, "plan", *said, "--index", "other")
    assert (code, "and no --index" in told) == (2, True)
    assert site.faults.calls == []
    Path("ov.yml").write_text(OVERLAY.replace("level: low", "level: high"))
    code, told = run(capsys, "plan", *said)
    assert code == 0
    assert "to change" in told
    code, told = run(capsys, "plan", site.siem, "--change-options")
    assert code == 0
    assert "--change-options --plan sha256:" in told.splitlines()[-1]
    assert run(capsys, "apply", site.siem, "--change-options", "-q")[0] == 0
    assert run(capsys, "plan", site.siem)[0] == 0


@pytest.mark.parametrize("siem", ["elastic", "splunk"])
def test_the_settings_that_the_readme_shows_name_each_siem(siem: str, tmp_path: Path) -> None:
    (shown,) = re.findall(r"^```toml\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    path = tmp_path / "mcpsoar.toml"
    path.write_text(shown)
    secrets = {"SPLUNK_TOKEN": "one-for-splunk", "ELASTIC_API_KEY": "one-for-elastic"}
    name, bound = deploying.bound(siem, str(path), None, secrets)
    assert (name, bound.connector) == ("prod", siem)
    with deploying.place(name, bound, tmp_path, SystemClock()) as made:
        assert "example.com" in made.live.place


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("token", "tokken", "unknown key 'tokken'"),
        ("url = ", "uri = ", "unknown key 'uri'"),
        ("http://", "ftp://", "must look like https://"),
        ("env", "envv", "a token is named, not written"),
    ],
)
def test_a_mistake_in_the_settings_is_told_with_its_line(
    site: Site, capsys: pytest.CaptureFixture[str], old: str, new: str, why: str
) -> None:
    path = Path("mcpsoar.toml")
    path.write_text(path.read_text().replace(old, new, 1))
    code, said = run(capsys, "plan", site.siem)
    assert code == 2
    assert why in said
    assert "mcpsoar.toml:" in said
