"""A pack brought to a SIEM by its API: planned, applied, and watched for drift."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from mcpsoar.app import siem_profiles
from mcpsoar.core.errors import Held, Trouble, Unwritable, Usage
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.lock import FileLock
from mcpsoar.kit.retry import Bounds
from mcpsoar.siems import installed
from mcpsoar.siems.deploy import plan as plans
from mcpsoar.siems.deploy import run as runs
from mcpsoar.siems.deploy.live import Live
from mcpsoar.siems.deploy.plan import EditPolicy, Plan
from mcpsoar.siems.deploy.run import BOUNDS, Outcome, Run
from mcpsoar.siems.deploy.state import StateFile
from mcpsoar.siems.deploy.told import Told, remembered
from mcpsoar.siems.objects import Item

if TYPE_CHECKING:
    from mcpsoar.siems.asked import Options

NOTHING = EditPolicy()


@dataclass(frozen=True, slots=True)
class Place:
    """One SIEM of one profile, and where it is remembered what was applied to it."""

    siem: str
    profile: str
    live: Live
    file: StateFile
    clock: Clock

    def remembered(self, now: Told) -> None:
        """Raises Usage where the last apply was told otherwise, and Tampered."""
        if (last := self.file.load().told) is not None:
            remembered(last, now)

    def plan(self, items: Sequence[Item], policy: EditPolicy = NOTHING) -> Plan:
        """Look, and say what would be done; sends no change. Raises as `plans.make` does, and Tampered."""
        return plans.make(self.live, items, self.file.load(), policy)

    def drift(self, items: Sequence[Item]) -> Plan:
        """The plan against what was applied. Raises as `plan` does, and Trouble where nothing is known."""
        state = self.file.load()
        if not state.objects and state.pending is None:
            raise Trouble(
                "nothing is remembered of this place: nothing was applied from this --home, "
                "or look in another",
                where=self.live.place,
                next_command=f"mcpsoar pack plan {self.siem} --profile {quote(self.profile)}",
            )
        return plans.make(self.live, items, state)

    def apply(
        self,
        items: Sequence[Item],
        policy: EditPolicy = NOTHING,
        *,
        by: str = "unknown",
        only: str | None = None,
        told: Told | None = None,
        tell: Callable[[Plan], None] = lambda _: None,
        say: Callable[[str], None] = lambda _: None,
        bounds: Bounds = BOUNDS,
    ) -> tuple[Plan, tuple[Outcome, ...], Verdict]:
        """Plan, and carry it out; with `only` a digest, that plan or none. `tell` gets the plan before
        anything is sent, `say` a line for each write; `told` is remembered.

        Raises as `plan` does, Held where another apply is at work, Usage where the plan is another one,
        Unwritable where it cannot be written down: nothing more is sent then.
        """
        self.file.make_folder()
        with FileLock(self.file.lock_path) as lock:
            self._hold(lock, by)
            state = self.file.load()
            plan = plans.make(self.live, items, state, policy)
            if only is not None and plan.digest != only:
                raise Usage(f"nothing was sent: the plan is {plan.digest} by now; read it first")
            tell(plan)
            run = Run(
                self.live,
                self.file,
                state,
                policy=policy,
                clock=self.clock,
                say=say,
                bounds=bounds,
                told=told,
            )
            try:
                outcomes = run.carry_out(plan)
            except Unwritable as trouble:
                trouble.next_command = f"mcpsoar pack apply {self.siem} --home ANOTHER_DIR"
                raise
            return plan, outcomes, runs.verdict(plan, outcomes)

    def _hold(self, lock: FileLock, by: str) -> None:
        if not lock.take():
            who = lock.holder(self.clock)
            holder, since = str(who.get("by", "somebody")), str(who.get("since", "an unknown time"))
            words = f"{self.siem} of profile {self.profile!r} is being deployed to by {holder} since {since}"
            raise Held(words, by=holder, run="unknown", since=since)
        import os

        lock.sign({"by": by, "since": stamp(self.clock.now()), "pid": os.getpid()})


@contextmanager
def place(profile: str, binding: Binding, home: Path, clock: Clock) -> Iterator[Place]:
    """Sends nothing. Raises Usage."""
    siem = binding.connector
    live: Live = siem_profiles.api(siem).connect(binding, clock=clock)
    try:
        yield Place(siem, profile, live, StateFile(home, siem=siem, profile=profile, place=live.place), clock)
    finally:
        live.close()


def bound(
    siem: str, config: str | None, profile: str | None, environ: Mapping[str, str]
) -> tuple[str, Binding]:
    """The profile that is meant, and its SIEM. Raises Usage."""
    from platformdirs import user_config_path

    from mcpsoar.app.settings import FILE, file

    siem_profiles.api(siem)
    path = file(config, environ)
    if path is None:
        user_s = user_config_path("mcpsoar", appauthor=False) / FILE
        raise Usage(
            f"no settings file was found, neither ./{FILE} nor {user_s}: "
            f"write [profiles.NAME.{siem}] into one, or name another",
            next_command=f"mcpsoar pack plan {siem} --config FILE",
        )
    return siem_profiles.binding(path, profile, siem, environ)


def items(
    root: Path, name: str, options: "Options", *, tuning: Path | None = None, mapping: Path | None = None
) -> tuple[Item, ...]:
    """What the pack is in that SIEM, built now. Raises Usage, BadContent, Unsupported."""
    from mcpsoar.siems import asked

    return installed.siem(name).items(asked.content(root, options, tuning, mapping))


def told(name: str, options: "Options", *, tuning: Path | None = None, mapping: Path | None = None) -> Told:
    """What is remembered of the options that a pack is built with. Raises Usage.

    What the profile says is none of them: where it says otherwise is another place, with its own memory.
    """
    siem = installed.siem(name)
    own = {
        one.name: "" if options.of(one) == one.default else options.of(one)
        for one in siem.build_options
        if one.name not in siem.profile_keys
    }
    said = {"index": options.index, "tenant-field": options.tenant, **own}
    return Told(said, {"overlay": _digest(tuning), "mapping": _digest(mapping)})


def _digest(path: Path | None) -> str:
    try:
        return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() if path else ""
    except OSError as error:
        raise Usage(error.strerror or "it cannot be read", where=str(path)) from None
