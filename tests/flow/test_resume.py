"""Killed at any moment, a run is resumed to the same end, and no write is repeated without a look."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mcpsoar.app import runs
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.core.errors import Tampered, Usage
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import Handle, control_plane
from tests.flow.ground import ROOT, Ground
from tests.flow.killed import profile

MOMENTS = 150  # more than a run has
Kill = Callable[[str, Path, int], str]


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handle]:
    servers = tuple(f"s{n}" for n in range(MOMENTS + 10))
    with control_plane(tmp_path_factory.mktemp("plane"), servers=servers) as handle:
        yield handle


@pytest.fixture(scope="module")
def kill(plane: Handle) -> Iterator[Kill]:
    words = [sys.executable, "-m", "tests.flow.killed", plane.url, plane.token]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        into, out = process.stdin, process.stdout

        def order(server: str, home: Path, fatal: int) -> str:
            into.write(json.dumps([server, str(home), fatal]) + "\n")
            into.flush()
            return out.readline().strip()

        yield order
        into.close()


def resumed(plane: Handle, home: Path, run: str) -> Report:
    return runs.resume(
        home,
        run,
        profile=profile(plane.url, plane.token),
        pack=ROOT,
        clock=SystemClock(),
        say=lambda _: None,
    )


def test_killed_at_any_moment_a_run_is_finished_without_a_blind_repeat(
    plane: Handle, kill: Kill, tmp_path: Path
) -> None:
    outcomes = set()
    for fatal in range(1, MOMENTS):
        server, home = f"s{fatal}", tmp_path / f"home-{fatal}"
        plane.plane.lift()
        before = len(plane.ledger())
        ended = kill(server, home, fatal)
        outcomes.add(ended)
        if ended == "contained":
            break
        assert ended == "killed", f"moment {fatal}: {ended}"
        ground = Ground(plane, home)
        finish(plane, home, server, ground)
        assert ground.is_disabled(server)
        assert ground.is_revoked(server)
        assert ground.is_forced
        no_blind_repeat(plane, before, server, fatal)
    assert outcomes == {"killed", "contained"}, "the last moments must lie past the end of a run"
    assert fatal > 40, "too few moments were tried"


def finish(plane: Handle, home: Path, server: str, ground: Ground) -> None:
    known = Home(home).runs()
    if not known or read(Home(home).journal(known[0]), Home(home).anchor(known[0]), known[0]).count == 0:
        # killed before its plan was on disk: nothing was sent, and nothing is to be resumed
        assert not ground.is_disabled(server)
        assert ground.contain(server).verdict is RunVerdict.CONTAINED
        return
    run = known[0]
    row = runs.listed(home)[0]
    assert row["verdict"] in ("interrupted", "contained")
    assert runs.verify(home, run).verdict is not Verdict.NO, "a crash is no tampering"
    report = resumed(plane, home, run)
    assert report.verdict is RunVerdict.CONTAINED, report
    check = runs.verify(home, run, report.journal_head)
    assert check.verdict is Verdict.YES
    assert runs.verify(home, run).verdict is Verdict.YES
    no_blind_intent(home, run)


def no_blind_repeat(plane: Handle, before: int, server: str, fatal: int) -> None:
    """By the plane's own ledger: between two writes of one object lies a look at it."""
    lines = plane.ledger()[before:]
    looks = {
        f"/registry/{server}": f"/registry/{server}/disable",
        f"/tokens?audience={server}&active=true": "/tokens/revoke",
        "/policy": "/policy/emergency-write-approval",
    }
    for look, write in looks.items():
        own = [line["method"] for line in lines if line["path"] in (look, write)]
        for first, second in pairwise(own):
            assert "GET" in (first, second), f"moment {fatal}: {write}: {own}"


def no_blind_intent(home: Path, run: str) -> None:
    """By the journal: a second promise of a step follows a read-back of it."""
    entries = read(Home(home).journal(run), Home(home).anchor(run), run).entries
    steps = {entry["step"] for entry in entries if "step" in entry}
    for step in steps:
        kinds = [entry["kind"] for entry in entries if entry.get("step") == step]
        promised = [at for at, kind in enumerate(kinds) if kind == "intent"]
        for first, second in pairwise(promised):
            assert {"seen", "look"} & set(kinds[first:second]), f"{step}: {kinds}"


def test_a_resumed_run_says_that_it_cut_what_was_torn(plane: Handle, tmp_path: Path) -> None:
    ground = Ground(plane, tmp_path)
    ground.plane.faults.set(no_effect(), "registry.disable")
    run = ground.contain("s0").run
    ground.plane.faults.clear()
    path = Home(tmp_path).journal(run)
    with path.open("ab") as file:
        file.write(b'{"entries":[{"kind":"outc')
    assert runs.verify(tmp_path, run).verdict is Verdict.CANNOT_TELL
    report = ground_resume(ground, run)
    assert report.verdict is RunVerdict.CONTAINED
    kinds = [entry["kind"] for entry in read(path, Home(tmp_path).anchor(run), run).entries]
    assert kinds.index("cut") < kinds.index("resumed")
    assert runs.verify(tmp_path, run).verdict is Verdict.YES


def test_a_failed_step_is_tried_again_and_a_proven_one_is_left_alone(plane: Handle, tmp_path: Path) -> None:
    ground = Ground(plane, tmp_path)
    plane.plane.set_state("s0", "enabled")
    ground.plane.faults.set(no_effect(), "registry.disable")
    report = ground.contain("s0")
    assert report.verdict is RunVerdict.NOT_CONTAINED
    ground.plane.faults.clear()
    sent = len(ground.writes())
    again = ground_resume(ground, report.run)
    assert again.verdict is RunVerdict.CONTAINED
    assert ground.writes()[sent:] == ["/registry/s0/disable"]


def test_another_plan_is_not_resumed(plane: Handle, tmp_path: Path) -> None:
    ground = Ground(plane, tmp_path)
    plane.plane.set_state("s0", "enabled")
    ground.plane.faults.set(no_effect(), "registry.disable")
    run = ground.contain("s0").run
    ground.plane.faults.clear()
    sent = len(plane.ledger())
    with pytest.raises(Usage, match="mean something else"):
        ground_resume(ground.elsewhere("http://127.0.0.1:9"), run)
    assert len(plane.ledger()) == sent


def test_an_edited_journal_is_not_resumed(plane: Handle, tmp_path: Path) -> None:
    ground = Ground(plane, tmp_path)
    plane.plane.set_state("s0", "enabled")
    ground.plane.faults.set(no_effect(), "registry.disable")
    run = ground.contain("s0").run
    ground.plane.faults.clear()
    path = Home(tmp_path).journal(run)
    path.write_bytes(path.read_bytes().replace(b'"not_contained"', b'"contained"'))
    assert runs.verify(tmp_path, run).verdict is Verdict.NO
    with pytest.raises(Tampered, match=r"journal\.jsonl:\d+"):
        ground_resume(ground, run)


def ground_resume(ground: Ground, run: str) -> Report:
    return runs.resume(
        ground.home,
        run,
        profile=ground.profile,
        pack=ROOT,
        clock=SystemClock(),
        say=ground.said.append,
    )


def no_effect() -> Fault:

    return Fault.NO_EFFECT
