"""Ctrl-C and SIGTERM during a containment or a release: what is in force is said last, and what to type."""

import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.cli.main import main
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import Handle, control_plane
from tests.flow.test_contain_cli import HEARS_CTRL_C

Captured = pytest.CaptureFixture[str]
SPARE = "mcpsoar-rehearsal"
LONG_S = 60.0  # of what nobody waits for
IN_FORCE = "mcpsoar: interrupted: what was sent stays in force"
BOTH = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    (tmp_path / "plane").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    with control_plane(tmp_path / "plane", servers=("github", SPARE)) as handle:
        monkeypatch.setenv("SOAR", handle.token)
        top = ["[profiles.prod]", f'api = "{handle.url}"', 'token = { env = "SOAR" }', "look_s = 30"]
        Path("mcpsoar.toml").write_text("\n".join([*top, f'rehearsal = ["{SPARE}"]', ""]))
        yield handle


def stopped(until: str, number: signal.Signals, *words: str) -> tuple[int, list[str]]:
    """The code and the last lines of a command that gets the signal once it has said this."""
    with subprocess.Popen(
        [sys.executable, "-c", HEARS_CTRL_C, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert next((line for line in process.stderr if until in line), None) is not None
        process.send_signal(number)
        rest = process.stderr.read()
        assert process.stdout.read() == ""
        code = process.wait()
    assert "Traceback" not in rest
    return code, rest.splitlines()


def is_on(plane: Handle, server: str) -> bool:
    entry = plane.plane.server(server)
    return entry is not None and entry.is_enabled


def typed(line: str) -> int:
    """The next command, as it stands there."""
    assert line.startswith("  next     mcpsoar ")
    return main(shlex.split(line.removeprefix("  next     "))[1:])


@BOTH
def test_a_containment_says_what_stays_and_how_it_goes_on(
    plane: Handle, number: signal.Signals, code: int
) -> None:
    plane.faults.set(Fault.DELAY_BEFORE, "tokens.revoke", seconds=LONG_S)
    ended, said = stopped("disable:github  verified", number, "contain", "github")
    assert ended == code
    assert said[-2] == IN_FORCE
    assert said[-1].startswith("  next     mcpsoar runs resume ")
    assert not is_on(plane, "github")
    plane.faults.clear()
    assert typed(said[-1]) == 0
    assert plane.plane.policy().is_forced


@BOTH
def test_a_release_says_what_stays_and_how_it_goes_on(
    plane: Handle, number: signal.Signals, code: int
) -> None:
    assert main(["contain", "github", "-q"]) == 0
    plane.faults.set(Fault.DELAY_BEFORE, "policy.lift", seconds=LONG_S)
    ended, said = stopped("disable:github  verified", number, "release", "github", "--yes")
    assert ended == code
    assert said[-2] == IN_FORCE
    assert is_on(plane, "github")
    plane.faults.clear()
    assert typed(said[-1]) == 0
    assert not plane.plane.policy().is_forced


def test_what_is_resumed_says_it_again(plane: Handle, capsys: Captured) -> None:
    plane.faults.set(Fault.STATUS, "tokens.revoke", status=403)
    assert main(["contain", "github", "-q"]) == 1
    run = next(line for line in capsys.readouterr().out.splitlines() if " run " in line).split()[1].strip(",")
    plane.faults.clear()
    plane.faults.set(Fault.DELAY_BEFORE, "tokens.revoke", seconds=LONG_S)
    ended, said = stopped(" is resumed", signal.SIGINT, "runs", "resume", run)
    assert (ended, said[-2]) == (130, IN_FORCE)
    assert f"mcpsoar runs resume {run}" in said[-1]


@pytest.mark.parametrize(
    ("words", "until"),
    [
        (("release", "github", "--yes"), "  release github by playbook"),
        (("contain", "github", "--dry-run"), " begins"),
    ],
)
def test_before_anything_was_sent_it_says_that(plane: Handle, words: tuple[str, ...], until: str) -> None:
    assert main(["contain", "github", "-q"]) == 0
    before = len(plane.ledger())
    plane.faults.set(Fault.DELAY_BEFORE, "registry.get", seconds=LONG_S)
    ended, said = stopped(until, signal.SIGINT, *words)
    assert (ended, said[-1]) == (130, "mcpsoar: interrupted: nothing was sent")
    assert not [line for line in plane.ledger()[before:] if line["method"] != "GET"]


@BOTH
def test_a_rehearsal_says_that_its_server_is_contained_and_how_it_comes_back(
    plane: Handle, number: signal.Signals, code: int
) -> None:
    plane.faults.set(Fault.DELAY_BEFORE, "tokens.revoke", seconds=LONG_S)
    ended, said = stopped(f"disable:{SPARE}  verified", number, "contain", SPARE, "--rehearse")
    assert ended == code
    left = f"{SPARE} stays contained, as far as that came, until it is released"
    assert said[-2] == f"mcpsoar: interrupted: {left}"
    assert said[-1].startswith(f"  next     mcpsoar release {SPARE} --yes")
    assert not is_on(plane, SPARE)
    plane.faults.clear()
    assert typed(said[-1]) == 0
    assert is_on(plane, SPARE)


def test_a_rehearsal_that_ends_in_its_release_says_how_that_goes_on(plane: Handle) -> None:
    plane.faults.set(Fault.DELAY_BEFORE, "registry.enable", seconds=LONG_S)
    ended, said = stopped("now the release", signal.SIGINT, "contain", SPARE, "--rehearse")
    assert ended == 130
    assert SPARE in said[-2]
    assert not is_on(plane, SPARE)
    plane.faults.clear()
    assert typed(said[-1]) == 0
    assert is_on(plane, SPARE)


def test_a_rehearsal_that_has_not_begun_says_so(plane: Handle) -> None:
    plane.faults.delay_s = LONG_S
    ended, said = stopped("rehearsal: tokens of", signal.SIGINT, "contain", SPARE, "--rehearse")
    assert ended == 130
    assert said[-1] in (
        "mcpsoar: interrupted: nothing was sent",
        f"  next     mcpsoar release {SPARE} --yes --home {Path('home').absolute()}",
    )
