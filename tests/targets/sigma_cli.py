"""Sigma's own command, without a network."""

import os
import subprocess
import sys
from pathlib import Path

_NOWHERE = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")


def sigma(folder: Path, *words: str) -> str:
    """What it prints, run in a folder; an exit but 0 fails the test."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("sigma")), *words],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **_NOWHERE},
        timeout=60,
        cwd=folder,
    ).stdout
