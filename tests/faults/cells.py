"""One run per cell and play: a whole containment over four wires, and its words against the planes' truth."""

import json
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.app.report import document
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import ROLES, CanaryBinding, Control, Profile
from mcpsoar.core.run import Report, StepReport
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.wire import Call, Trick, Wire, wire
from tests.faults.dataplane import DataPlane, data_plane
from tests.faults.places import CONTROL, PLACES, SERVER, Place
from tests.faults.rows import Play, Row
from tests.flow.ground import ROOT

STEPS = {
    "registry": f"disable:{SERVER}",
    "tokens": f"revoke:{SERVER}",
    "policy": "force",
    "canary": f"canary:{SERVER}",
}
_LETTERS = {
    StepVerdict.VERIFIED: "V",
    StepVerdict.ALREADY: "A",
    StepVerdict.FAILED: "F",
    StepVerdict.PARTIAL: "P",
    StepVerdict.CANNOT_TELL: "?",
    StepVerdict.APPLIED_UNVERIFIED: "U",
    StepVerdict.SKIPPED: "S",
}
_CANARY_TOKEN = "planted-canary-token-of-the-table"
_MEMORY = Path("/dev/shm")  # what reaches a disk, and when, is another proof's matter
_YES, _NO = Verdict.YES, Verdict.NO
_HALVES = ("half", "first")
_LEISURE_S, _HURRY_S, _SETTLE_S = 5.0, 0.5, 0.6


@dataclass(frozen=True, slots=True)
class Mark:
    """What one run said of the step that was at fault, and what is wrong with anything that it said."""

    letter: str
    wrong: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.letter + "!" * bool(self.wrong)


@dataclass
class Bench:
    """One place with its wires, for many runs one after another."""

    place: Place
    data: DataPlane
    wires: Mapping[str, Wire]
    folder: Path
    said: list[str] = field(default_factory=list)

    def cell(self, row: Row, step: str) -> tuple[Mark, ...] | None:
        """A mark for each play of the row; None where it has no meaning for this step."""
        is_canary = step == "canary"
        if is_canary and row.special not in ("", "lie", "closed", "swallowing"):
            return None
        if row.special in _HALVES and self.place.half(step) is None:
            return None
        if row.special == "spare" and not self.place.spares:
            return None
        plays = (Play.ALWAYS, Play.UNSEEN) if is_canary and row.trick else row.plays
        marks = [self._run(row, step, play) for play in plays]
        return tuple(mark for mark in marks if mark is not None) or None

    def _run(self, row: Row, step: str, play: Play) -> Mark | None:
        self._begin()
        with ExitStack() as stack:
            profile = self._arranged(row, step, play, stack)
            if profile is None:
                return None
            home = Path(tempfile.mkdtemp(dir=self.folder))
            try:
                report = contain.execute(
                    Order((SERVER,), Direction.APPLY),
                    profile=profile,
                    home=home,
                    pack=ROOT,
                    clock=SystemClock(),
                    say=self.said.append,
                )
                if row.trick is Trick.LATER:
                    time.sleep(4 * row.settings["seconds"])  # what was accepted has come by now
                return self._mark(row, step, play, report, home)
            finally:
                for one in self.wires.values():
                    one.heal()
                shutil.rmtree(home)

    def _begin(self) -> None:
        self.place.restore()
        self.data.enforces = True
        self.data.executed.clear()
        self.said.clear()
        for one in self.wires.values():
            one.heal()
            one.calls.clear()
            one._told.clear()
            one.decoy_connections = 0

    def _arranged(self, row: Row, step: str, play: Play, stack: ExitStack) -> Profile | None:
        timeout_s = _HURRY_S if row.is_late else _LEISURE_S
        roles = self.place.bindings({role: one.url for role, one in self.wires.items()}, timeout_s, _SETTLE_S)
        canary = CanaryBinding(
            f"{self.wires['canary'].url}/mcp/{{server}}",
            "ping",
            {},
            Secret(_CANARY_TOKEN),
            hold_s=0.1,
            every_s=0.05,
            timeout_s=timeout_s,
            control=Control(CONTROL, "ping", {}, Secret(_CANARY_TOKEN)),
        )
        address = {"closed": _closed, "swallowing": _swallowing}.get(row.special)
        if address is not None:
            url = stack.enter_context(address())
            if step == "canary":
                canary = replace(canary, url=f"{url}/mcp/{{server}}")
            else:
                roles[step] = replace(roles[step], base_url=url)
        elif row.special == "spare":
            roles[step] = replace(roles[step], spares=self.place.spares)
        elif row.special == "before":
            self.place.bring_about(step)
        elif row.special == "lie":
            if step == "canary":
                self.data.enforces = False
            else:
                self.place.lie(step)
        elif row.special == "stray" and not self.place.stray(step):
            return None
        if row.trick is not None:
            self._play(row, step, play)
        return Profile(
            "table",
            roles,
            None if row.special == "no canary" else canary,
            "a test",
            look_s=2.0,
            retry_s=3.0,
            attempts=2,
        )

    def _play(self, row: Row, step: str, play: Play) -> None:
        assert row.trick is not None
        place = self.place
        between = self.wires[step]
        part = place.half(step, first=row.special == "first") if row.special in _HALVES else None
        if step == "canary":
            # from the change on: a middle box that says the same of every server
            self.data.enforces = play is Play.ALWAYS
            between.play(row.trick, when=lambda _: place.is_disabled(SERVER), **row.settings)
        elif row.special.startswith("stale"):
            once = 1 if row.special == "stale once" else None
            between.play(
                row.trick,
                when=lambda call: place.is_read(call) and any(map(place.is_change, between.calls)),
                times=once,
            )
        elif play is Play.UNSEEN:
            between.play(row.trick, when=place.is_read, **row.settings)
        else:
            between.play(
                row.trick,
                when=lambda call: (
                    place.is_change(call)
                    and (part is None or part in call.target or part.encode() in call.body)
                ),
                times=1 if play is Play.ONCE else None,
                **row.settings,
            )

    def _mark(self, row: Row, step: str, play: Play, report: Report, home: Path) -> Mark:
        steps = {one.id: one for one in report.steps}
        wrong: list[str] = []
        for role, name in STEPS.items():
            if name not in steps:
                continue
            if role == "canary":
                why = self._canary_is_wrong(steps[name], is_fault=step == role and row.trick is not None)
            else:
                is_blind = role == step and (play is Play.UNSEEN or row.special == "stale")
                why = self._is_wrong(role, steps[name], is_blind=is_blind, is_stale=row.special == "stale")
            if why:
                wrong.append(f"{name} {why}, and it is {steps[name].verdict}: {steps[name].detail}")
        if row.special in _HALVES and self.place.done(step)[0] < self.place.done(step)[1] - 1:
            wrong.append(f"{STEPS[step]} left what could be done")
        wrong += self._run_is_wrong(report, steps)
        wrong += self._calls_are_wrong()
        wrong += _journal_is_wrong(home, report)
        told = json.dumps(document(report)) + "\n".join(self.said)
        told += b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file()).decode()
        if any(one in told for one in (*self.place.secrets, _CANARY_TOKEN)):
            wrong.append("a secret was told")
        return Mark(_LETTERS[steps[STEPS[step]].verdict], tuple(wrong))

    def _is_wrong(self, role: str, step: StepReport, *, is_blind: bool, is_stale: bool) -> str | None:
        done, items = self.place.done(role)
        said = step.verdict.verdict
        if said is _YES and done < items:
            return f"has {done} of {items} in force"
        if is_blind:
            if said is _YES:
                return "could not be read back"
            return "is in force" if said is _NO and done == items and not is_stale else None
        if said is _NO and done == items:
            return "is in force"
        if said not in (_YES, _NO):
            return "could be read back"
        if said is _NO and step.verdict is not StepVerdict.PARTIAL and self.place.begun(role):
            return f"was begun and has {done} of {items} in force"
        if step.verdict is StepVerdict.PARTIAL and not 0 < done < items:
            return f"has {done} of {items} in force"
        return None

    def _canary_is_wrong(self, step: StepReport, *, is_fault: bool) -> str | None:
        is_open = not (self.data.enforces and self.place.is_disabled(SERVER))
        said = step.verdict.verdict
        if said is _YES and is_open:
            return "still executes"
        if said is _YES and is_fault:
            return "was refused by nobody"
        if said is _NO and not is_open:
            return "is refused"
        if not is_fault and is_open and said is not _NO and SERVER in self.data.executed[1:]:
            return "was seen to execute"
        is_seen = self.data.executed[:1] == [SERVER] or SERVER in self.data.executed
        if not is_fault and not is_open and said is not _YES and is_seen:
            return "was refused and could be told"
        return None

    def _run_is_wrong(self, report: Report, steps: Mapping[str, StepReport]) -> list[str]:
        answers = {one.verdict.verdict for one in steps.values()}
        wanted = (
            RunVerdict.NOT_CONTAINED
            if _NO in answers
            else RunVerdict.UNVERIFIED
            if Verdict.CANNOT_TELL in answers
            else RunVerdict.CONTAINED
        )
        # tokens that outlive it are for a canary to judge
        is_exposed = bool(report.remaining_exposure) and STEPS["canary"] not in steps
        if wanted is RunVerdict.CONTAINED and is_exposed:
            wanted = RunVerdict.UNVERIFIED
        wrong = [] if report.verdict is wanted else [f"the run is {report.verdict}, not {wanted}"]
        wrong += [f"{name} was {one.verdict}" for name, one in steps.items() if one.verdict.verdict is None]
        return wrong

    def _calls_are_wrong(self) -> list[str]:
        wrong = []
        for role in ROLES:
            calls = list(self.wires[role].calls)
            targets = {(one.method, one.target, one.body) for one in calls if self.place.is_change(one)}
            for same in targets:
                own = [one for one in calls if _of(one) == same or self.place.is_read(one)]
                if any(_of(one) == same == _of(other) for one, other in pairwise(own)) and same:
                    wrong.append(f"{same[0]} {same[1]} was repeated without a look")
            if self.wires[role].decoy_connections:
                wrong.append(f"a redirect of {role} was followed")
        return wrong


def _of(call: Call) -> tuple[str, str, bytes]:
    return call.method, call.target, call.body


def _journal_is_wrong(home: Path, report: Report) -> list[str]:
    """A second promise of a step follows a read-back of it, and the chain is whole."""
    house = Home(home)
    chain = read(house.journal(report.run), house.anchor(report.run), report.run)
    wrong = [chain.problem] if chain.problem else []
    for step in {entry["step"] for entry in chain.entries if "step" in entry}:
        own = [entry["kind"] for entry in chain.entries if entry.get("step") == step]
        promised = [at for at, kind in enumerate(own) if kind == "intent"]
        if any(not {"seen", "look", "trouble"} & set(own[one:other]) for one, other in pairwise(promised)):
            wrong.append(f"{step} was promised again without a look")
    return wrong


@contextmanager
def _closed() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


@contextmanager
def _swallowing() -> Iterator[str]:
    """An address where connections are never taken: a full queue drops what comes."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def bench(name: str) -> Iterator[Bench]:
    """A place of that connector with its wires up."""
    with ExitStack() as stack:
        memory = _MEMORY if _MEMORY.is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))
        place = stack.enter_context(PLACES[name](folder))
        data = stack.enter_context(data_plane(place.is_disabled))
        wires = {role: stack.enter_context(wire(place.address(role))) for role in ROLES}
        wires["canary"] = stack.enter_context(wire(data.url))
        yield Bench(place, data, wires, folder)
