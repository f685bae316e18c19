"""`contain --rehearse` as it is typed: a server that nobody needs, in earnest, and back again."""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import rehearsals, rehearsing, runs, settings
from mcpsoar.app.checkup import Check, State
from mcpsoar.app.contain import execute
from mcpsoar.app.order import Order, Rehearsed
from mcpsoar.app.rehearsal_check import last_rehearsal
from mcpsoar.app.report import document
from mcpsoar.cli.main import main
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, Verdict
from mcpsoar.kit.clock import SystemClock, stamp
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import Handle, control_plane
from tests.conftest import ROOT
from tests.contract.forge import EMAIL, PASSWORD, forge
from tests.contract.loopback import listening

SPARE = "mcpsoar-rehearsal"
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    (tmp_path / "plane").mkdir()
    with control_plane(tmp_path / "plane", servers=(SPARE, "github", "idp")) as handle:
        monkeypatch.setenv("SOAR", handle.token)
        profile(handle)
        yield handle


def profile(plane: Handle, *lines: str, more: str = "") -> None:
    top = [
        "[profiles.prod]",
        f'api = "{plane.url}"',
        'token = { env = "SOAR" }',
        *(lines or (f'rehearsal = ["{SPARE}"]', 'protected = ["idp"]')),
    ]
    Path("mcpsoar.toml").write_text("\n".join(top) + f"\n{more}\n")


@contextmanager
def data_plane(plane: Handle) -> Iterator[str]:
    """Calls run as long as the registry has their server on."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            entry = plane.plane.server(self.path.rpartition("/")[2])
            is_on = entry is not None and entry.is_enabled
            result = {"jsonrpc": "2.0", "id": asked.get("id"), "result": {"content": [], "isError": False}}
            content = json.dumps(result if is_on else {"error": "server_disabled"}).encode()
            self.send_response(200 if is_on else 403)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with listening(Handler) as port:
        yield (
            f'[profiles.prod.canary]\nurl = "http://127.0.0.1:{port}/mcp/{{server}}"\ntool = "ping"\n'
            "hold_s = 0.5\nevery_s = 0.1\nbefore_s = 30\ntimeout_s = 30\n"
            'control = { server = "github", tool = "ping" }\n'
        )


def rehearsed(capsys: Captured, *words: str, server: str = SPARE) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["contain", server, "--rehearse", "--format", "json", *words])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, {**(json.loads(said.out) if said.out else {}), "err": said.err}


def is_on(plane: Handle, server: str = SPARE) -> bool:
    entry = plane.plane.server(server)
    return entry is not None and entry.is_enabled


def written(plane: Handle) -> list[str]:
    return [f"{one['method']} {one['path']}" for one in plane.ledger() if one["method"] != "GET"]


def doctor() -> Check:
    found = settings.load(settings.Asked(), os.environ)
    return last_rehearsal(found.profile, Path(os.environ["MCPSOAR_HOME"]), SystemClock())


def at_the_turn(act: Callable[[], object]) -> rehearsing.Rehearsal:
    """A rehearsal in which this happens between the containment and its release."""
    found = settings.load(settings.Asked(), os.environ)

    def say(line: str) -> None:
        if "now the release" in line:
            act()

    return rehearsing.rehearse(
        Order((SPARE,), Direction.APPLY, rehearsal=Rehearsed(stamp(SystemClock().now()))),
        profile=found.profile,
        home=Path("home"),
        pack=ROOT,
        clock=SystemClock(),
        say=say,
    )


def contained(*servers: str, direction: Direction = Direction.APPLY) -> Report:
    return execute(
        Order(servers, direction),
        profile=settings.load(settings.Asked(), os.environ).profile,
        home=Path("home"),
        pack=ROOT,
        clock=SystemClock(),
        say=lambda _: None,
    )


def test_it_contains_and_brings_back_and_says_how_long_each_took(plane: Handle, capsys: Captured) -> None:
    with data_plane(plane) as canary:
        profile(plane, f'rehearsal = ["{SPARE}"]', more=canary)
        code, told = rehearsed(capsys, "--ticket", "DRILL-7")
        assert (code, told["verdict"]) == (0, "rehearsed"), told["err"]
        assert (told["contain"]["verdict"], told["release"]["verdict"]) == ("contained", "released")
        last = [report["steps"][-1] for report in (told["contain"], told["release"])]
        assert [one["verdict"] for one in last] == ["verified", "verified"]
        assert "calls denied" in last[0]["detail"]
        assert last[1]["detail"] == "executes again"
    assert is_on(plane)
    timings = told["timings"]
    assert list(timings) == ["first_write_s", "acknowledged_s", "verified_s", "released_s"]
    assert 0 < timings["first_write_s"] <= timings["acknowledged_s"]
    assert timings["acknowledged_s"] + 0.5 < timings["verified_s"] < timings["released_s"]
    assert told["rehearsal"]["server"] == SPARE
    assert told["rehearsal"]["left_out"] == [{"step": "force", "why": "it is everybody's"}]
    assert not [line for line in written(plane) if "policy" in line]
    both = runs.listed(Path("home"))
    assert [(row["verdict"], row["rehearsal"]) for row in both] == [("released", True), ("contained", True)]
    assert told["contain"]["released_by"][0]["run"] == told["release"]["run"]
    assert told["contain"]["ticket"] == told["release"]["ticket"] == "DRILL-7"
    for report in (told["contain"], told["release"]):
        shown = json.loads(json.dumps(document(runs.show(Path("home").absolute(), report["run"]))))
        assert shown == report, "runs show says the same of it"
        head = report["journal"]["head"]
        assert main(["runs", "verify", report["run"], "--head", head]) == 0


def test_what_it_will_do_to_others_is_said_before(plane: Handle, capsys: Captured) -> None:
    told = rehearsed(capsys)[1]["err"]
    begins = told.index(" begins; if it breaks off")
    assert told.index(f"tokens of {SPARE} are revoked for good") < begins
    assert told.index("force is not rehearsed: it is everybody's") < begins
    assert told.index(f"if this breaks off: mcpsoar release {SPARE} --yes") < begins
    assert is_on(plane)


def test_the_last_lines_say_what_was_proven_and_the_times(plane: Handle, capsys: Captured) -> None:
    assert main(["contain", SPARE, "--rehearse"]) == 0
    out = capsys.readouterr().out.splitlines()
    at = out.index(f"REHEARSED: {SPARE}, by contain-server on profile prod")
    assert out[at + 1 : -1] == [
        "  contained: read back from the plane; no canary was seen to try it",
        "  released: read back from the plane; no canary was seen to try it",
        "  not rehearsed: force: it is everybody's; --with-shared rehearses it too",
    ]
    assert out[-1].startswith("  times after the command: first write ")
    assert ", released " in out[-1]
    assert not [line for line in out if "to undo" in line], "it is back"
    assert sum("a rehearsal without force" in line for line in out) == 2
    assert main(["runs", "list"]) == 0
    assert capsys.readouterr().out.count(", rehearsed") == 2
    run = str(runs.listed(Path("home"))[1]["run"])
    assert main(["runs", "show", run, "--format", "markdown"]) == 0
    assert "- A rehearsal, without `force`: others would have felt it" in capsys.readouterr().out
    assert is_on(plane)


def test_what_is_everybodys_is_rehearsed_when_that_is_said(plane: Handle, capsys: Captured) -> None:
    code, told = rehearsed(capsys, "--with-shared")
    assert (code, told["rehearsal"]["left_out"]) == (0, [])
    assert [line for line in written(plane) if "policy" in line] == [
        "POST /policy/emergency-write-approval",
        "DELETE /policy/emergency-write-approval",
    ]


@pytest.mark.parametrize("words", [(), ("--with-shared",)])
def test_what_another_run_holds_stays_in_force(
    plane: Handle, capsys: Captured, words: tuple[str, ...]
) -> None:
    assert contained("github").verdict is RunVerdict.CONTAINED
    code, told = rehearsed(capsys, *words)
    assert code == 0, told
    assert plane.plane.policy().is_forced
    assert not is_on(plane, "github")
    assert contained("github", direction=Direction.UNDO).verdict is RunVerdict.RELEASED
    assert not plane.plane.policy().is_forced, "the rehearsal holds nothing any more"


def test_what_is_not_contained_is_released_all_the_same(plane: Handle, capsys: Captured) -> None:
    plane.faults.set(Fault.STATUS, "tokens.revoke", status=403)
    code, told = rehearsed(capsys)
    assert (code, told["verdict"]) == (1, "not_rehearsed")
    assert (told["contain"]["verdict"], told["release"]["verdict"]) == ("not_contained", "released")
    assert told["timings"]["verified_s"] is None
    assert told["timings"]["acknowledged_s"] is None, "not each write was answered"
    assert told["timings"]["released_s"] > told["timings"]["first_write_s"] > 0
    assert is_on(plane)
    assert doctor().state is State.BROKEN


def test_what_cannot_be_told_is_released_and_exits_3(plane: Handle, capsys: Captured) -> None:
    plane.faults.set(Fault.NO_READ_BACK, "tokens", status=404)
    code, told = rehearsed(capsys)
    assert (code, told["verdict"]) == (3, "unverified")
    assert (told["contain"]["verdict"], told["release"]["verdict"]) == ("unverified", "released")
    assert is_on(plane)
    assert doctor().state is State.LIMIT


def test_one_that_was_seen_at_work_comes_back_though_nobody_saw_its_entry(
    plane: Handle, capsys: Captured
) -> None:
    plane.faults.set(Fault.STATUS, "registry.get", status=503, nth=(1,))
    with data_plane(plane) as canary:
        profile(plane, f'rehearsal = ["{SPARE}"]', more=canary)
        code, told = rehearsed(capsys)
    disable = told["contain"]["steps"][0]
    assert (disable["evidence"]["before"], disable["verdict"]) == (None, "verified")
    assert (code, told["verdict"], is_on(plane)) == (0, "rehearsed", True)


def test_what_was_so_before_is_not_rehearsed(plane: Handle, capsys: Captured) -> None:
    assert rehearsed(capsys)[1]["rehearsal"]["untried"] == []
    code, told = rehearsed(capsys)
    assert (code, told["rehearsal"]["untried"]) == (0, [f"revoke:{SPARE}"]), "it has no token any more"
    plane.plane.set_state(SPARE, "disabled")
    code, told = rehearsed(capsys)
    assert (code, told["verdict"]) == (3, "unverified")
    assert (told["contain"]["verdict"], told["release"]["verdict"]) == ("contained", "released")
    assert told["timings"]["first_write_s"] is None
    assert told["rehearsal"]["untried"] == [f"disable:{SPARE}", f"revoke:{SPARE}"]
    assert not is_on(plane), "as it was before"
    found = doctor()
    assert found.state is State.LIMIT
    assert found.words.endswith(f"; not rehearsed: force, disable:{SPARE}, revoke:{SPARE}")
    assert main(["contain", SPARE, "--rehearse"]) == 3
    out = capsys.readouterr().out.splitlines()
    assert f"  not tried: it was so before: disable:{SPARE}, revoke:{SPARE}" in out


def test_a_release_that_fails_says_that_the_server_is_still_contained(
    plane: Handle, capsys: Captured
) -> None:
    plane.faults.set(Fault.STATUS, "registry.enable", status=403)
    assert main(["contain", SPARE, "--rehearse"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert f"REHEARSAL FAILED: {SPARE}, by contain-server on profile prod" in out
    assert not is_on(plane)
    found = doctor()
    assert (found.state, "it is still contained: mcpsoar release" in found.words) == (State.BROKEN, True)
    plane.faults.clear()
    (command,) = [line for line in out if line.startswith(("  next ", "  to undo "))]
    assert out.index(command) > out.index("  not known to be back")
    assert main(shlex.split(command.removeprefix("  next     "))[1:]) == 0
    assert is_on(plane)


def test_one_that_the_plane_does_not_know_is_a_name_to_check(plane: Handle, capsys: Captured) -> None:
    profile(plane, 'rehearsal = ["nosuch"]')
    assert main(["contain", "nosuch", "--rehearse"]) == 1
    said = capsys.readouterr()
    out = said.out.splitlines()
    assert [line for line in out if line.startswith(("  next ", "  to undo "))] == [
        "  next     check the name: there is no nosuch on this control plane"
    ]
    assert "REHEARSAL FAILED: nosuch, by contain-server on profile prod" in out
    assert not [line for line in out if "RELEASED" in line or " released: " in line or "so before" in line]
    assert "rehearsal: not contained; now the release" in said.err


def test_a_refusal_is_on_standard_error_as_any_containment_s(plane: Handle, capsys: Captured) -> None:
    profile(plane, f'rehearsal = ["{SPARE}"]', 'protected = ["idp"]')
    for words in (["idp", "--rehearse"], ["github", "--rehearse"], [SPARE, "--max-servers", "0"]):
        assert main(["contain", *words, "--format", "json"]) == 2
        said = capsys.readouterr()
        assert (said.out, said.err.count("mcpsoar: ")) == ("", 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("github",), 'add to [profiles.prod]: rehearsal = ["mcpsoar-rehearsal", "github"]'),
        (("MCPSOAR-rehearsal",), "is not named for rehearsals"),
        (("idp",), "'idp' is protected: no rehearsal is on such a server"),
        (("idp", "--protected-too"), "--rehearse does not go with --protected-too"),
        ((SPARE, "--dry-run"), "--rehearse does not go with --dry-run"),
        ((SPARE, "--from", "list.txt"), "--rehearse does not go with --from"),
        ((SPARE, "github"), "a rehearsal is on one server"),
        ((SPARE, "--playbook", "freeze-writes"), "touches others than mcpsoar-rehearsal: nothing is left"),
        ((), "no server is named"),
    ],
)
def test_a_rehearsal_is_on_nobody_by_accident(
    plane: Handle, capsys: Captured, words: tuple[str, ...], said: str
) -> None:
    assert main(["contain", *words, "--rehearse"]) == 2
    assert said in capsys.readouterr().err
    assert written(plane) == []
    assert runs.listed(Path("home")) == ()


def test_one_that_is_both_protected_and_named_is_protected(plane: Handle, capsys: Captured) -> None:
    profile(plane, f'rehearsal = ["{SPARE}"]', f'protected = ["{SPARE.upper()}"]')
    code, told = rehearsed(capsys)
    assert (code, "is protected: no rehearsal" in told["err"], written(plane)) == (2, True, [])


def test_an_address_alone_names_nobody(plane: Handle, capsys: Captured) -> None:
    code, told = rehearsed(capsys, "--api", plane.url)
    assert (code, "--api alone names none" in told["err"], written(plane)) == (2, True, [])
    assert main(["contain", SPARE, "--with-shared"]) == 2
    assert written(plane) == []


def test_a_server_that_is_contained_already_is_left_so(plane: Handle, capsys: Captured) -> None:
    run = contained(SPARE).run
    before = written(plane)
    code, told = rehearsed(capsys)
    assert (code, f"still contained by run {run}" in told["err"]) == (2, True)
    assert written(plane) == before
    assert not is_on(plane)


def test_who_contains_it_in_between_is_not_undone(plane: Handle) -> None:
    made = at_the_turn(lambda: contained(SPARE))
    assert (made.verdict, made.release) == (Verdict.NO, None)
    assert "it is left to whoever did that" in str(made.problem)
    assert not is_on(plane)
    assert plane.plane.policy().is_forced
    assert rehearsing.document(made) | {"contain": 0} == {
        "rehearsal": {
            "server": SPARE,
            "profile": "prod",
            "playbook": "contain-server",
            "asked_at": made.contain.extra["rehearsal"]["asked_at"],
            "with_shared": False,
            "left_out": [{"step": "force", "why": "it is everybody's"}],
            "untried": [],
            "problem": str(made.problem),
        },
        "contain": 0,
        "release": None,
        "timings": made.past.timings.as_facts(),
        "verdict": "not_rehearsed",
    }


def test_one_that_ends_in_between_is_released_by_hand_and_known_as_that(plane: Handle) -> None:
    def ended() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        at_the_turn(ended)
    assert not is_on(plane)
    found = doctor()
    assert (found.state, f"mcpsoar release {SPARE} --yes" in found.words) == (State.BROKEN, True)
    assert main(["release", SPARE, "--yes"]) == 0
    assert is_on(plane)
    found = doctor()
    assert (found.state, "contained and released by contain-server" in found.words) == (State.OK, True)


def test_a_killed_one_is_finished_as_any_other_run(plane: Handle, capsys: Captured) -> None:
    plane.faults.set(Fault.DELAY_BEFORE, "tokens.revoke", seconds=60)
    process = subprocess.Popen(
        [sys.executable, "-m", "mcpsoar", "contain", SPARE, "--rehearse"], stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while is_on(plane) and time.monotonic() < until:
        threading.Event().wait(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not is_on(plane)
    plane.faults.clear()
    (row,) = runs.listed(Path("home"))
    assert (row["verdict"], row["rehearsal"]) == ("interrupted", True)
    assert "it is still contained" in doctor().words
    assert main(["runs", "resume", str(row["run"])]) == 0
    assert "policy" not in " ".join(written(plane)), "a resumed one still leaves out what is everybody's"
    assert main(["release", SPARE, "--yes"]) == 0
    assert is_on(plane)
    capsys.readouterr()
    assert doctor().state is State.OK


@pytest.mark.usefixtures("plane")
def test_the_doctor_says_when_the_last_one_was(capsys: Captured) -> None:
    command = f"mcpsoar contain {SPARE} --rehearse"
    assert doctor() == Check("rehearsal", State.LIMIT, f"there was none on this profile: {command}")
    contained("github")
    assert doctor().state is State.LIMIT, "an incident is no rehearsal"
    rehearsed(capsys)
    found = doctor()
    assert found.state is State.OK
    assert found.words.startswith("today (")
    assert (
        f"on {SPARE}, contained and released by contain-server; after the command: first write" in found.words
    )
    assert found.words.endswith("; not rehearsed: force")
    later = settings.load(settings.Asked(), os.environ).profile
    old = last_rehearsal(later, Path("home"), _In(days=31))
    assert (old.state, old.words.startswith("31 days ago (")) == (State.LIMIT, True)
    assert old.words.endswith(f"; that is 30 days or more: {command}")
    capsys.readouterr()
    assert main(["doctor"]) == 0
    assert "  ok       rehearsal    today (" in capsys.readouterr().out


def test_the_doctor_says_how_to_come_to_a_first_one(plane: Handle) -> None:
    profile(plane, 'protected = ["idp"]')
    assert 'rehearsal = ["SERVER"], then mcpsoar contain SERVER --rehearse' in doctor().words
    by_api = settings.load(settings.Asked(api=plane.url), os.environ).profile
    words = last_rehearsal(by_api, Path("home"), SystemClock()).words
    assert "it wants a profile that names a server which nobody needs" in words


def test_another_control_plane_was_not_rehearsed(plane: Handle, capsys: Captured) -> None:
    rehearsed(capsys)
    assert doctor().state is State.OK
    Path("mcpsoar.toml").write_text(f'[profiles.prod]\napi = "http://127.0.0.1:9"\nrehearsal = ["{SPARE}"]\n')
    found = doctor()
    assert (found.state, "that was another control plane" in found.words) == (State.LIMIT, True)
    assert is_on(plane)


def test_a_journal_that_was_changed_tells_of_no_rehearsal(plane: Handle, capsys: Captured) -> None:
    code, told = rehearsed(capsys)
    assert (code, is_on(plane)) == (0, True)
    journal = Path(told["contain"]["journal"]["path"])
    text = journal.read_text()
    assert text.count('"verdict":"contained"') == 1
    journal.write_text(text.replace('"verdict":"contained"', '"verdict":"unverified"'))
    assert doctor().words.startswith("there was none")


def test_two_runs_that_begin_in_one_second_are_told_in_their_order(plane: Handle) -> None:
    """Ids tell the second; here the release's sorts first."""
    found = settings.load(settings.Asked(), os.environ)
    heads = iter(("ffffff", "000000"))
    made = rehearsing.rehearse(
        Order((SPARE,), Direction.APPLY, rehearsal=Rehearsed("2026-03-01T12:00:00.000Z")),
        profile=found.profile,
        home=Path("home"),
        pack=ROOT,
        clock=_In(still=True),
        say=lambda _: None,
        random_hex=lambda _: next(heads),
    )
    assert made.release is not None
    assert made.release.run < made.contain.run
    (past,) = rehearsals.past(Path("home"))
    assert (past.is_back, past.verdict) == (True, Verdict.YES)
    assert is_on(plane)


class _In(SystemClock):
    """So many days from now; or one moment for ever."""

    def __init__(self, days: int = 0, *, still: bool = False) -> None:
        self._days = timedelta(days=days)
        self._still = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC) if still else None

    def now(self) -> datetime:
        return self._still or super().now() + self._days


def test_tokens_that_are_good_elsewhere_are_spared_too(tmp_path: Path, capsys: Captured) -> None:
    """ContextForge has tokens that are scoped to no server, and a containment revokes them."""
    with forge() as one, pytest.MonkeyPatch.context() as environ:
        environ.setenv("FORGE", PASSWORD)
        (tmp_path / "mcpsoar.toml").write_text(
            '[profiles.prod]\nrehearsal = ["crm"]\n[profiles.prod.plane]\nconnector = "contextforge"\n'
            f'url = "{one.url}"\nlogin = "{EMAIL}"\ntoken = {{ env = "FORGE" }}\nworkers_s = 0\n'
        )
        told = rehearsed(capsys, server="crm")[1]
        assert [left["step"] for left in told["rehearsal"]["left_out"]] == ["force", "revoke"]
        assert (
            "revoke is not rehearsed: it also revokes every token that is scoped to no server" in told["err"]
        )
        assert told["release"]["verdict"] == "released"
        assert not one.revoked
        assert not one.off
