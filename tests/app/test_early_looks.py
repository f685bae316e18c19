"""The looks begin before the machine that carries a run out is imported."""

import subprocess
import sys

LATE = {"change", "proof", "run", "shared", "summary"}
SCRIPT = """
import os, sys
from mcpsoar.cli.main import main
from mcpsoar.contain.looks import Looks

def begin(*_):
    print(*(name for name in sys.modules if name.startswith("mcpsoar.contain.")), flush=True)
    os._exit(0)

Looks.begin = begin
main(["contain", "github", "-q", "--api", "http://127.0.0.1:9"])
"""


def test_the_looks_wait_for_no_module_that_they_do_not_need() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    loaded = {name.removeprefix("mcpsoar.contain.") for name in done.stdout.split()}
    assert "looks" in loaded
    assert not LATE & loaded
