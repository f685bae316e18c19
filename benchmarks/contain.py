"""`contain` against the script of three curls, on a control plane that takes 100 ms a call; and start-up.

    python -m benchmarks.contain [--rounds N] [--servers N] [--delay SECONDS] [--check]

Prints the median of the rounds, the least and the most. In each round the script, `contain` of one server and
`contain` of many run one after the other, each a process started from nothing, on a plane of its own
(`benchmarks/plane.py`). The start is the moment before the process is made; when a call was there and when it
was answered is what the plane noted. The profile is an address alone, as `--api` gives it: no limit of calls,
no canary, and read-back is the proof. A ratio is taken within its round: a busy machine slows both sides.
Exit 1 where --check is asked for and an aim is missed.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mcpsoar.core.profile import Profile

LOOK_S = Profile("none", {}, None, "").look_s
_PLANE = Path(__file__).with_name("plane.py")
# as it was published, but for the quotes inside the JSON, which the shell took away
_SCRIPT = """
set -euo pipefail
SERVER="$1"
echo "[1/3] disabling server in registry: $SERVER"
curl -s -X POST "$API/registry/$SERVER/disable"
echo "[2/3] revoking active tokens for server: $SERVER"
curl -s -X POST "$API/tokens/revoke" -d "{\\"audience\\":\\"$SERVER\\"}"
echo "[3/3] forcing approval mode on all write actions"
curl -s -X POST "$API/policy/emergency-write-approval"
echo "Containment completed for $SERVER"
"""
_STAND_IN = """
import os, sys, urllib.request
api, server = os.environ["API"], sys.argv[1]
urllib.request.urlopen(f"{api}/registry/{server}/disable", b"").read()
urllib.request.urlopen(f"{api}/tokens/revoke", b'{"audience":"%s"}' % server.encode()).read()
urllib.request.urlopen(f"{api}/policy/emergency-write-approval", b"").read()
"""


class Call(NamedTuple):
    method: str
    path: str
    arrived_s: float
    answered_s: float


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds from the start of a process: to its first write, to the answer to its last, to its end."""

    first_s: float
    last_s: float
    whole_s: float


class Round(NamedTuple):
    """`start` is a ratio already."""

    script: Run
    one: Run
    many: Run
    start: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line, with a value of each round. `aim` is the most that their median may be, if there is one."""

    what: str
    unit: str
    values: Sequence[float]
    aim: float | None = None

    @property
    def is_met(self) -> bool:
        return self.aim is None or statistics.median(self.values) <= self.aim

    def __str__(self) -> str:
        middle = statistics.median(self.values)
        words = f"{self.what:<42}{middle:7.3f} {self.unit}  {min(self.values):.3f} to {max(self.values):.3f}"
        if self.aim is None:
            return words
        return f"{words:<75}aim {self.aim:g}  {'PASS' if self.is_met else 'MISS'}"


def main(argv: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--servers", type=int, default=100)
    parser.add_argument("--delay", type=float, default=0.1, metavar="SECONDS")
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args(argv)
    by_hand, by = script()
    print(f"{asked.delay * 1000:.0f} ms a call; the script by {by}, mcpsoar as {' '.join(_mcpsoar())}")
    contained(1, asked.delay)  # the first one compiles
    rounds = [
        Round(
            measured([*by_hand, "server-0"], 1, asked.delay, writes=3)[0],
            contained(1, asked.delay),
            contained(asked.servers, asked.delay),
            _start(),
        )
        for _ in range(asked.rounds)
    ]
    figures = _figures(rounds, asked.servers)
    for figure in figures:
        print(figure)
    return int(asked.check and not all(figure.is_met for figure in figures))


def _figures(rounds: Sequence[Round], servers: int) -> list[Figure]:
    last = [each.one.last_s / each.script.last_s for each in rounds]
    report = [each.one.whole_s / each.script.whole_s for each in rounds]
    return [
        Figure("script, last write answered", "s", [each.script.last_s for each in rounds]),
        Figure("contain, first write there", "s", [each.one.first_s for each in rounds]),
        Figure("contain, last write answered", "s", [each.one.last_s for each in rounds]),
        Figure("contain, verified report", "s", [each.one.whole_s for each in rounds]),
        Figure(f"contain {servers} servers, report", "s", [each.many.whole_s for each in rounds]),
        Figure(
            f"first write, of a look's {LOOK_S:g} s", "x", [each.one.first_s / LOOK_S for each in rounds], 1
        ),
        Figure("last write, of the script's", "x", last, 1.5),
        Figure("verified report, of the script", "x", report, 2),
        Figure(
            f"{servers} servers, of one", "x", [each.many.whole_s / each.one.whole_s for each in rounds], 10
        ),
        Figure("--dry-run, of importing click and httpx", "x", [each.start for each in rounds]),
    ]


def contained(servers: int, delay_s: float) -> Run:
    """`contain` of so many servers. Raises SystemExit where it did not end contained, every step proven."""
    names = [f"server-{n}" for n in range(servers)]
    with tempfile.TemporaryDirectory() as home:
        words = [*_mcpsoar(), "contain", *names, "--yes", "-q", "--format", "json", "--home", home]
        run, out = measured(words, servers, delay_s, writes=2 * servers + 1)
    said = json.loads(out)
    if said["verdict"] != "contained" or {step["verdict"] for step in said["steps"]} != {"verified"}:
        raise SystemExit(f"{servers} servers ended {said['verdict']}: there is nothing to compare")
    return run


def measured(words: Sequence[str], servers: int, delay_s: float, *, writes: int) -> tuple[Run, str]:
    """A process that writes so many times to a plane of its own, and what it printed."""
    server = [sys.executable, "-I", str(_PLANE), str(servers), str(delay_s)]
    with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as plane:
        assert plane.stdout is not None
        try:
            url = plane.stdout.readline().strip()
            started_s = time.monotonic()
            out = _ended(words, API=url)
            whole_s = time.monotonic() - started_s
            calls = [Call(*call) for call in json.loads(plane.communicate()[0])]
        finally:
            plane.kill()
    sent = [call for call in calls if call.method == "POST"]
    if len(sent) != writes:
        raise SystemExit(f"{words[0]} wrote {len(sent)} times, and not {writes} times")
    first_s, last_s = min(call.arrived_s for call in sent), max(call.answered_s for call in sent)
    return Run(first_s - started_s, last_s - started_s, whole_s), out


def _start() -> float:
    """A process that plans and sends nothing, against one that only imports its libraries."""
    took_s = []
    with tempfile.TemporaryDirectory() as home:
        dry = [*_mcpsoar(), "contain", "server-0", "--dry-run", "-q", "--home", home]
        for words in (dry, [sys.executable, "-c", "import click, httpx"]):
            started_s = time.monotonic()
            _ended(words)
            took_s.append(time.monotonic() - started_s)
    return took_s[0] / took_s[1]


def _ended(words: Sequence[str], **own: str) -> str:
    """What it printed, with bytecode kept and no settings of this shell. Raises SystemExit for a bad end."""
    settings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MCPSOAR_", "API")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    done = subprocess.run(words, env={**settings, **own}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{words[0]} ended with {done.returncode}: {done.stderr[-500:]}{done.stdout[-500:]}")
    return done.stdout


def script() -> tuple[list[str], str]:
    if shutil.which("curl") and shutil.which("bash"):
        return ["bash", "-c", _SCRIPT, "contain.sh"], "bash and curl"
    return [sys.executable, "-c", _STAND_IN], "the standard library: there is no curl"


def _mcpsoar() -> list[str]:
    script = Path(sys.executable).with_name("mcpsoar")
    return [str(script)] if script.exists() else [sys.executable, "-m", "mcpsoar"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
