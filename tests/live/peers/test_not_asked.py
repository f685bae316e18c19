"""What the live suite left out is told at its end, by whichever of xdist's processes it was left out."""

import os
import subprocess
import sys
from pathlib import Path

_SUITE = """
import pytest

def test_one_is_skipped() -> None:
    pytest.skip("no such peer: exit 1")

def test_another_leaves_something_out(unasked) -> None:
    unasked["the time"] = "the machine was busy"
"""


def test_what_workers_skip_is_told_with_its_reason(tmp_path: Path, root: Path) -> None:
    (tmp_path / "test_suite.py").write_text(_SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "tests.live.conftest", "test_suite.py"]
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    environ = {**os.environ, "PYTHONPATH": path, "MCPSOAR_LIVE": "1"}
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS"):
        environ.pop(name, None)
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.partition("not asked of a real engine")[2].splitlines()
    assert told[1:3] == [
        "test_suite.py::test_one_is_skipped: no such peer: exit 1",
        "the time: the machine was busy",
    ]
