"""One run per cell and play: a whole containment over four wires, and its words against the planes' truth."""

import json
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.app.report import document
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import ROLES, CanaryBinding, Control, Profile
from mcpsoar.core.run import Report
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import StepVerdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.wire import Trick, Wire, wire
from tests.faults.dataplane import DataPlane, data_plane
from tests.faults.judge import STEPS, Judge
from tests.faults.place import CONTROL, SERVER, Place
from tests.faults.places import PLACES
from tests.faults.rows import HALVES, Play, Row
from tests.flow.ground import ROOT

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
# only a call that is made to be late is waited for in a hurry: longer than a busy machine takes for another
_LEISURE_S, _HURRY_S, _SETTLE_S = 30.0, 1.5, 0.6


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
        if not is_canary and step not in self.place.roles:
            return None
        if is_canary and row.special not in ("", "lie", "closed", "swallowing"):
            return None
        if row.special in HALVES and self.place.half(step) is None:
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
        urls = {role: one.url for role, one in self.wires.items()}
        roles = self.place.bindings(urls, _LEISURE_S, _SETTLE_S)
        if step in roles:
            roles[step] = self.place.bindings(urls, timeout_s, _SETTLE_S)[step]
        canary = CanaryBinding(
            f"{self.wires['canary'].url}/mcp/{{server}}",
            "ping",
            {},
            Secret(_CANARY_TOKEN),
            hold_s=0.1,
            every_s=0.05,
            timeout_s=timeout_s if step == "canary" else _LEISURE_S,
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
            look_s=5.0,
            retry_s=8.0,
            attempts=2,
        )

    def _play(self, row: Row, step: str, play: Play) -> None:
        assert row.trick is not None
        place = self.place
        between = self.wires[step]
        part = place.half(step, first=row.special == "first") if row.special in HALVES else None
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
        wrong = Judge(self.place, self.data, self.wires).wrong(row, step, play, report, home)
        told = json.dumps(document(report)) + "\n".join(self.said)
        told += b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file()).decode()
        if any(one in told for one in (*self.place.secrets, _CANARY_TOKEN)):
            wrong.append("a secret was told")
        letter = next(_LETTERS[one.verdict] for one in report.steps if one.id == STEPS[step])
        return Mark(letter, tuple(wrong))


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
