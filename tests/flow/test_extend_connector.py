"""A connector from outside is one file in a package of its own: the shared suite and contain run it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.lab.serving import Handle, control_plane
from tests.flow.ground import ROOT

CONNECTOR = '''"""Acme's registry: one action on it."""

from mcpsoar.core.errors import Malformed
from mcpsoar.core.run import Baseline, Effect, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.http import Edge
from mcpsoar.kit.settle import settled


OPTIONS = ("timeout_s", "settle_s")


def connect(binding, *, clock):
    return Acme(binding, clock)


class Acme:
    actions = frozenset({"registry.disable"})

    def __init__(self, binding, clock):
        self._clock = clock
        self._settle_s = binding.options.get("settle_s", 2.0)
        timeout_s = binding.options.get("timeout_s", 5.0)
        self._edge = Edge(binding.base_url, binding.token, clock=clock, timeout_s=timeout_s)

    def baseline(self, step):
        state = self._state(step)
        return Baseline(state == "disabled", {"state": state}, self._at())

    def apply(self, step, was, key):
        return self._set(step, "disable", key)

    def rollback(self, step, was, key):
        return Effect({}, self._at()) if was is not None and was.in_force else self._set(step, "enable", key)

    def verify(self, step):
        return self._seen(step, "disabled")

    def verify_rollback(self, step, was):
        return self._seen(step, "disabled" if was is not None and was.in_force else "enabled")

    def close(self):
        self._edge.close()

    def _state(self, step):
        body = self._edge.read("registry", step.server).body
        if not isinstance(body, dict) or body.get("state") not in ("enabled", "disabled"):
            raise Malformed("the answer has no state", where=self._edge.where)
        return body["state"]

    def _set(self, step, verb, key):
        body = self._edge.change("POST", "registry", step.server, verb, key=key).body
        if not isinstance(body, dict) or body.get("state") != f"{verb}d":
            raise Malformed("the answer does not say so", where=self._edge.where)
        return Effect({"state": body["state"]}, self._at())

    def _seen(self, step, wanted):
        def look():
            state = self._state(step)
            verdict = Verdict.YES if state == wanted else Verdict.NO
            return Observation(verdict, f"acme says {state}", {"state": state}, self._at())

        return settled(look, clock=self._clock, settle_s=self._settle_s)

    def _at(self):
        return stamp(self._clock.now())
'''
PROOF = '''"""The shared suite on it."""

import pytest

from mcpsoar.core.plan import Step, Undo
from mcpsoar.core.profile import Binding
from mcpsoar.core.secret import Secret
from mcpsoar.kit import find
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.serving import control_plane
from tests.contract.connector_suite import ConnectorSuite, Subject

STEP = Step("disable", "disable", "registry.disable", "registry", "github", Undo.EXACT, ())


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    with control_plane(tmp_path_factory.mktemp("plane"), servers=("github",)) as handle:
        yield handle


class TestAcme(ConnectorSuite):
    @pytest.fixture
    def subject(self, plane):
        made = find.load("mcpsoar.connectors", "acme")

        def connect(url, timeout_s, settle_s):
            options = {"timeout_s": timeout_s, "settle_s": settle_s}
            return made.connect(Binding("acme", url, Secret(plane.token), options), clock=SystemClock())

        return Subject(
            base_url=plane.url,
            connect=connect,
            step=STEP,
            is_in_force=lambda: not plane.plane.server("github").is_enabled,
            restore=lambda: plane.plane.set_state("github", "enabled"),
            secret=plane.token,
        )
'''


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An installed package, as pip would leave it."""
    site = tmp_path / "site"
    info = site / "acme_soar-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "acme_soar.py").write_text(CONNECTOR)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-soar\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mcpsoar.connectors]\nacme = acme_soar\n")
    return site


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Handle]:
    folder = tmp_path / "plane"
    folder.mkdir()
    with control_plane(folder, servers=("github",)) as handle:
        yield handle


def ran(words: list[str], package: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(package), str(ROOT)])
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path, **env},
        cwd=package.parent,
    )


def test_one_file_from_outside_passes_the_shared_suite(package: Path, tmp_path: Path) -> None:
    proof = tmp_path / "test_acme.py"
    proof.write_text(PROOF)
    done = ran(["-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(proof)], package)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert " passed" in done.stdout


def test_one_file_from_outside_that_lies_is_found_by_the_shared_suite(package: Path, tmp_path: Path) -> None:
    source = package / "acme_soar.py"
    source.write_text(source.read_text().replace("if state == wanted", "if state"))
    proof = tmp_path / "test_acme.py"
    proof.write_text(PROOF)
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "true or lying", str(proof)]
    assert ran(words, package).returncode == 1


def test_contain_uses_it_where_a_profile_names_it(package: Path, plane: Handle, tmp_path: Path) -> None:
    config = tmp_path / "mcpsoar.toml"
    config.write_text(
        f'[profiles.p]\napi = "{plane.url}"\ntoken = {{ env = "T" }}\n'
        f'[profiles.p.registry]\nconnector = "acme"\nurl = "{plane.url}"\ntoken = {{ env = "T" }}\n'
    )
    words = ["-m", "mcpsoar", "contain", "github", "--config", str(config), "--home", str(tmp_path / "home")]
    done = ran(words, package, T=plane.token)
    assert done.returncode == 0, done.stderr
    assert "acme says disabled" in done.stdout
    missing = ran(words, tmp_path, T=plane.token)
    assert missing.returncode == 2
    assert "no connector named 'acme'; there are: contextforge, http, " in missing.stderr
