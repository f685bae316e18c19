"""One point: killed there, resumed, and what is wrong afterwards by the plane's ledger and by the journal."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mcpsoar.app import runs
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.serving import Handle, control_plane
from tests.flow.ground import ROOT, Ground
from tests.flow.killed import profile

SERVERS = 3  # of one run
_DELAY_S = 0.03


@dataclass(frozen=True, slots=True)
class Point:
    """`ended` is `killed`, or how the run ended before that moment came. `wrong`: what is not well."""

    moment: int
    ended: str
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """A slow plane with servers for so many points, and a process that forks a run for each."""

    plane: Handle
    process: "subprocess.Popen[str]"
    folder: Path

    def kill(self, moment: int, at: int) -> Point:
        """Kill the `at`-th run at that moment of its own, and finish it."""
        servers = _names(at)
        home = self.folder / f"home-{at}"
        self.plane.plane.lift()
        before = len(self.plane.ledger())
        ended = self._order(servers, home, moment)
        if ended != "killed":
            return Point(moment, ended)
        ground = Ground(self.plane, home)
        wrong = list(self._finished(home, servers, ground))
        if not all(ground.is_disabled(name) and ground.is_revoked(name) for name in servers):
            wrong.append("a server is not contained")
        if not ground.is_forced:
            wrong.append("the policy is not forced")
        wrong += self._blind_writes(before, servers)
        return Point(moment, ended, tuple(wrong))

    def _order(self, servers: list[str], home: Path, moment: int) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([servers, str(home), moment]) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def _finished(self, home: Path, servers: list[str], ground: Ground) -> Iterator[str]:
        known = Home(home).runs()
        if not known or _entries(home, known[0]) == 0:
            if any(ground.is_disabled(name) or ground.is_revoked(name) for name in servers):
                yield "something was sent, and no plan is on the disk"
            if ground.contain(*servers).verdict is not RunVerdict.CONTAINED:
                yield "it cannot be begun anew"
            return
        run = known[0]
        if runs.listed(home)[0]["verdict"] not in ("interrupted", "contained"):
            yield f"it is listed as {runs.listed(home)[0]['verdict']}"
        if runs.verify(home, run).verdict is Verdict.NO:
            yield "the crash is told as tampering"
        report = self._resumed(home, run)
        if report.verdict is not RunVerdict.CONTAINED:
            yield f"resumed it is {report.verdict}"
        if runs.verify(home, run, report.journal_head).verdict is not Verdict.YES:
            yield "resumed its journal is not whole"
        yield from blind_promises(home, run)

    def _resumed(self, home: Path, run: str) -> Report:
        return runs.resume(
            home,
            run,
            profile=profile(self.plane.url, self.plane.token),
            pack=ROOT,
            clock=SystemClock(),
            say=lambda _: None,
        )

    def _blind_writes(self, before: int, servers: list[str]) -> Iterator[str]:
        """By the plane's own ledger: between two writes of one object lies a look at it."""
        lines = self.plane.ledger()[before:]
        looks = {f"/registry/{name}": f"/registry/{name}/disable" for name in servers}
        looks["/policy"] = "/policy/emergency-write-approval"
        for look, write in looks.items():
            own = [line["method"] for line in lines if line["path"] in (look, write)]
            if any("GET" not in pair for pair in pairwise(own)):
                yield f"{write} was repeated without a look: {own}"


def blind_promises(home: Path, run: str) -> Iterator[str]:
    """By the journal: a second promise of a step follows a read-back of it."""
    entries = read(Home(home).journal(run), Home(home).anchor(run), run).entries
    for step in sorted({entry["step"] for entry in entries if "step" in entry}):
        kinds = [entry["kind"] for entry in entries if entry.get("step") == step]
        promised = [at for at, kind in enumerate(kinds) if kind == "intent"]
        for first, second in pairwise(promised):
            if not {"seen", "look"} & set(kinds[first:second]):
                yield f"{step} was promised again without a look: {kinds}"


def _entries(home: Path, run: str) -> int:
    return read(Home(home).journal(run), Home(home).anchor(run), run).count


def _names(at: int) -> list[str]:
    return [f"s{at}-{n}" for n in range(SERVERS)]


@contextmanager
def shooting_range(points: int) -> Iterator[Range]:
    """For that many points."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "plane").mkdir()
        servers = [name for at in range(points) for name in _names(at)]
        plane = stack.enter_context(control_plane(folder / "plane", servers=servers))
        plane.faults.delay_s = _DELAY_S
        words = [sys.executable, "-m", "tests.flow.killed", plane.url, plane.token]
        process = stack.enter_context(
            subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        )
        yield Range(plane, process, folder)
        assert process.stdin is not None
        process.stdin.close()
