"""What a run said of a fault, held against what the planes themselves know: whatever is wrong is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.core.profile import ROLES
from mcpsoar.core.run import Report, StepReport
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict
from mcpsoar.lab.wire import Call, Wire
from tests.faults.dataplane import DataPlane
from tests.faults.place import SERVER, Place
from tests.faults.rows import HALVES, Play, Row

STEPS = {
    "registry": f"disable:{SERVER}",
    "tokens": f"revoke:{SERVER}",
    "policy": "force",
    "canary": f"canary:{SERVER}",
}
_YES, _NO = Verdict.YES, Verdict.NO


@dataclass(frozen=True, slots=True)
class Judge:
    """Of the runs on one place, with its data plane and the wires to both."""

    place: Place
    data: DataPlane
    wires: Mapping[str, Wire]

    def wrong(self, row: Row, step: str, play: Play, report: Report, home: Path) -> list[str]:
        """What is wrong with the words of this run, its calls, or the journal that it left."""
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
        if row.special in HALVES and self.place.done(step)[0] < self.place.done(step)[1] - 1:
            wrong.append(f"{STEPS[step]} left what could be done")
        wrong += self._run_is_wrong(report, steps)
        wrong += self._calls_are_wrong()
        wrong += _journal_is_wrong(home, report)
        return wrong

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
