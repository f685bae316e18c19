"""Real servers from npm and PyPI behind the gateway: installed once, run over stdio, relayed unchanged."""

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mcpsoar.core.errors import Unreachable


@dataclass(frozen=True, slots=True)
class Real:
    """A published server: `versions` in the order in which they are deployed, `command` its executable.

    In `arguments` and `variables`, `{room}` is a folder of its own that it may work in. `old_sdk` are the
    versions that ask for any `mcp` and do not start with its second major version.
    """

    name: str
    package: str
    versions: tuple[str, ...]
    kind: Literal["npm", "pypi"]
    command: str
    arguments: tuple[str, ...] = ()
    old_sdk: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()

    def installed(self, cache: Path, version: str) -> Path:
        """The executable of one version, installed on first use. Raises Unreachable."""
        home = cache / self.kind / f"{self.package.replace('/', '-').lstrip('@')}-{version}"
        found = home / ("node_modules/.bin" if self.kind == "npm" else "bin") / self.command
        if not found.exists():
            home.mkdir(parents=True, exist_ok=True)
            for step in self._steps(home, version):
                done = subprocess.run(step, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise Unreachable(f"it cannot be installed: {done.stderr[-300:]}", where=self.package)
        return found

    def _steps(self, home: Path, version: str) -> list[list[str]]:
        if self.kind == "npm":
            quiet = ["--no-audit", "--no-fund", "--prefix", str(home)]
            return [["npm", "install", *quiet, f"{self.package}@{version}"]]
        venv.create(home, with_pip=False, symlinks=True)
        pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python")]
        sdk = ["mcp<2"] if version in self.old_sdk else []
        return [[*pip, "install", "-q", "--no-input", f"{self.package}=={version}", *sdk]]


_NPM = "@modelcontextprotocol/server-"
FILESYSTEM = Real(
    "files",
    f"{_NPM}filesystem",
    ("2025.11.25", "2026.1.14", "2026.8.31"),
    "npm",
    "mcp-server-filesystem",
    ("{room}",),
)
MEMORY = Real(
    "memory",
    f"{_NPM}memory",
    ("2026.1.26", "2026.8.31"),
    "npm",
    "mcp-server-memory",
    variables=(("MEMORY_FILE_PATH", "{room}/memory.json"),),
)
EVERYTHING = Real(
    "everything", f"{_NPM}everything", ("2026.1.14", "2026.8.31"), "npm", "mcp-server-everything"
)
THINKING = Real(
    "thinking",
    f"{_NPM}sequential-thinking",
    ("2026.8.31",),
    "npm",
    "mcp-server-sequential-thinking",
)
GIT = Real(
    "git",
    "mcp-server-git",
    ("2026.1.14", "2026.10.19"),
    "pypi",
    "mcp-server-git",
    ("--repository", "{room}/repo"),
    old_sdk=("2026.1.14",),
)
FETCH = Real(
    "fetch",
    "mcp-server-fetch",
    ("2026.10.24",),
    "pypi",
    "mcp-server-fetch",
    ("--ignore-robots-txt", "--allow-private-ips"),
)
TIME = Real(
    "time", "mcp-server-time", ("2026.10.19",), "pypi", "mcp-server-time", ("--local-timezone", "UTC")
)
SQLITE = Real(
    "sqlite",
    "mcp-server-sqlite",
    ("2025.4.25",),
    "pypi",
    "mcp-server-sqlite",
    ("--db-path", "{room}/shop.sqlite3"),
    old_sdk=("2025.4.25",),
)
EVERYDAY = (FILESYSTEM, MEMORY, EVERYTHING, THINKING, GIT, FETCH, TIME, SQLITE)
