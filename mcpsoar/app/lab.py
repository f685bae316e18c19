"""`lab up`: the embedded lab in the foreground, its addresses and where its tokens are."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mcpsoar.app import settings
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Unwritable, Usage
from mcpsoar.kit.clock import SystemClock
from mcpsoar.kit.lock import FileLock

if TYPE_CHECKING:
    from mcpsoar.lab.embedded import Lab

INSTALL = "pip install 'mcpsoar[lab]'"
_NEEDS = ("mcp", "jwt", "starlette", "uvicorn")
_TTL_S = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class Up:
    """A lab that answers. Tokens are named by the files that hold them, never by their text.

    `agent_tokens` are for the data plane, one per server: a token is for one audience.
    """

    url: str
    home: Path
    token_file: Path
    operator_token_file: Path
    agent_tokens: Mapping[str, Path]
    audit_log: Path

    def as_facts(self) -> Facts:
        return {
            "url": self.url,
            "mcp": {server: f"{self.url}/mcp/{server}" for server in self.agent_tokens},
            "home": str(self.home),
            "token_file": str(self.token_file),
            "operator_token_file": str(self.operator_token_file),
            "agent_token_files": {server: str(path) for server, path in self.agent_tokens.items()},
            "audit_log": str(self.audit_log),
        }


def demand() -> None:
    """Raises Usage, with the line that installs it, when the extra is not there."""
    if any(find_spec(name) is None for name in _NEEDS):
        raise Usage("the lab is not installed", next_command=INSTALL)


def up(home: Path, *, port: int, ready: Callable[[Up], None], wait: Callable[[], object]) -> None:
    """Run the lab with its state in `home`: `ready` is told once it answers, and it ends when `wait` does.

    Raises Usage when the extra is not installed, `home` cannot be used or has a lab already, or the port is
    taken.
    """
    demand()
    from mcpsoar.lab.embedded import lab

    with _own(home) as lock, lab(home, port=port) as running:
        lock.sign({"url": running.url, "pid": os.getpid()})
        ready(_written(running, home))
        wait()


@contextmanager
def _own(home: Path) -> Iterator[FileLock]:
    """The state folder, made, and ours alone: two labs would write one log and one set of tokens."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "tokens").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _unusable(f"the lab cannot keep its state in {home}: {error.strerror}") from None
    with FileLock(home / "up.lock") as lock:
        try:
            is_ours = lock.take()
        except Unwritable as error:
            raise _unusable(str(error)) from None
        if not is_ours:
            at = lock.holder(SystemClock()).get("url", "an address that it has not said yet")
            raise _unusable(f"a lab is up in {home} already, at {at}")
        yield lock


def _unusable(why: str) -> Usage:
    return Usage(why, next_command="mcpsoar lab up --home ANOTHER_DIR")


def home_of(named: str | None, environ: Mapping[str, str]) -> Path:
    """`lab` below where runs live. Raises Usage."""
    try:
        return settings.home(named, environ).absolute() / "lab"
    except Usage as error:
        raise _unusable(str(error)) from None


def _written(running: "Lab", home: Path) -> Up:
    folder = home / "tokens"
    return Up(
        url=running.url,
        home=home,
        token_file=_keep(folder / "responder", running.token),
        operator_token_file=_keep(folder / "operator", running.operator_token),
        agent_tokens={
            server: _keep(
                folder / f"agent-{server}",
                running.issue(
                    "you@example.com",
                    server,
                    scopes=(f"{server}:read", f"{server}:write"),
                    client_id="your-client",
                    ttl_s=_TTL_S,
                ),
            )
            for server in running.servers
        },
        audit_log=running.audit_log,
    )


def _keep(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text + "\n")
    return path
