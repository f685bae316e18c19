"""What all runs share: the write-approval policy is everybody's, and lifted with the last who needs it.

Who holds it is read from the journals: every run that contained something not yet released. Beside them one
small note says which runs were about to force it, whether it was forced by somebody else before the first of
them that may have done so, and as what it was read back then (`since`, `version`): what others forced, before
us or again, is left alone. Whether a run that was about to did is in its journal. The note also keeps how
things were before us, item by item, where a control plane forces it by many switches.
All this is one home's knowledge. Runs of another home are seen only by what they leave on the policy.
A containment takes the lock shared; a release takes it alone, from its look at the holders to its read-back.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from mcpsoar.contain import journal
from mcpsoar.contain.home import Home
from mcpsoar.contain.ledger import Ledger, fold
from mcpsoar.core.digest import Facts, canonical, digest
from mcpsoar.core.plan import Direction
from mcpsoar.core.ports import Clock
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import jsonl
from mcpsoar.kit.lock import FileLock

ROLE = "policy"
_NOTE_S = 5.0
_MARK = ("since", "version")
Folded: TypeAlias = tuple[Ledger | None, str | None]
Known: TypeAlias = dict[str, tuple[tuple[int, int] | None, Folded]]
_MARKS = 100  # kept: one for each forcing of ours since the last lift


@dataclass(frozen=True, slots=True)
class Open:
    """A containment of which these servers are not released. `ledger` is None for an unreadable journal."""

    run: str
    servers: tuple[str, ...]
    ledger: Ledger | None


class Commons:
    """One policy, known by its binding (connector and address)."""

    def __init__(self, home: Home, binding: Facts, clock: Clock) -> None:
        self._home = home
        self._binding = binding
        self._clock = clock
        self._path = home.lock("commons", digest(binding))
        self._note = self._path.with_suffix(".json")

    def lock(self) -> FileLock:
        """A handle of its own for each who wants it."""
        return FileLock(self._path)

    def holders(self) -> tuple[Open, ...]:
        """Runs that need the policy forced, oldest first."""
        return tuple(
            one
            for one in unreleased(self._home)
            if one.ledger is None
            or (one.ledger.bindings.get(ROLE) == self._binding and _has_policy(one.ledger))
        )

    def needed_by(self, releasing: Collection[tuple[str, str]] = ()) -> list[str]:
        """The holders in words, but for runs with servers that are being released."""
        return [
            f"{one.run} ({', '.join(left) or 'unreadable journal'})"
            for one in self.holders()
            if (left := tuple(name for name in one.servers if (one.run, name) not in releasing))
            or one.ledger is None
        ]

    def was_in_force(self) -> bool:
        """Whether a holder may have forced it, or saw it forced: an unreadable journal may tell of that."""
        return any(one.ledger is None or _had(one.ledger) for one in self.holders())

    def begin(self, run: str, *, was_forced: bool | None) -> None:
        """A run is about to force it; `was_forced` is None when nobody could see how it was. What was noted
        of that counts from the first run that may have forced it.
        """
        with self._note_lock():
            known = self._read() or {"marks": [], "before": {}, "forced_by_others": was_forced, "runs": []}
            runs = known["runs"]
            has_acted = None if runs is None else self._has_acted(runs)
            if was_forced and has_acted:
                return
            if was_forced is False:
                known, runs = {**known, "forced_by_others": False}, runs or []
            elif has_acted is False:
                known = {**known, "forced_by_others": was_forced}
            joined = runs if runs is None or run in runs else [*runs, run]
            self._write({**known, "runs": joined})

    def remember(self, *facts: Facts) -> None:
        """How it was before we forced it, each time: lists are joined, of the rest the first counts."""
        with self._note_lock():
            known = self._read()
            if known is not None:
                before = known["before"]
                for one in facts:
                    before = {**one, **before, **_joined(before, one)}
                self._write({**known, "before": before})

    def before(self) -> Facts:
        """What was remembered since the last lift."""
        known = self._read()
        return dict(known["before"]) if known else {}

    def forced(self, facts: Facts) -> None:
        """A containment has forced it; `facts` are as the policy was read back."""
        mark = _mark(facts)
        with self._note_lock():
            known = self._read()
            if known is not None and mark and mark not in known["marks"]:
                self._write({**known, "marks": [*known["marks"], mark][-_MARKS:]})

    def forced_again(self, facts: Facts) -> str | None:
        """How the policy in force differs from what we forced; None when it does not, or cannot be told."""
        known, mark = self._read(), _mark(facts)
        if known is None or not known["marks"] or not mark or mark in known["marks"]:
            return None
        ours = known["marks"][-1]
        return ", ".join(f"{name} {mark.get(name)}, ours was {ours.get(name)}" for name in mark)

    def forced_by_others(self) -> tuple[bool, bool | None]:
        """Whether we forced it and have not lifted it, and whether others had before us (None: unknown)."""
        known = self._read()
        return (False, None) if known is None else (True, known["forced_by_others"])

    def is_ours(self, releasing: Collection[str]) -> bool | None:
        """Whether a run of this home may have forced it since the last lift: one that was about to, or one
        that is being released. None when that cannot be read; an earlier version noted marks alone.
        """
        known = self._read()
        if known is None:
            return False
        runs = known["runs"]
        found = self._has_acted([*(runs or ()), *releasing])
        if found is False and runs is None:
            return True if known["marks"] else None
        return found

    def has(self, run: str) -> bool:
        """Whether this run was about to force it."""
        known = self._read()
        return known is not None and run in (known["runs"] or ())

    def _has_acted(self, runs: Collection[str]) -> bool | None:
        is_known = True
        for run in runs:
            ledger, problem = _folded(self._home, run, {})
            if ledger is not None and ledger.bindings.get(ROLE) == self._binding and _may_have_forced(ledger):
                return True
            is_known &= ledger is not None and problem is None
        return False if is_known else None

    def end(self) -> None:
        """It is no longer ours: lifted, or left to those who forced it first. Raises Unwritable."""
        try:
            self._note.unlink(missing_ok=True)
            jsonl.sync_folder(self._note.parent)  # or after a power cut it tells of a run long released
        except OSError as error:
            raise jsonl.unwritable(self._note, error) from None

    def _read(self) -> Facts | None:
        try:
            said = json.loads(self._note.read_bytes())
            marks = [mark for mark in said.get("marks", ()) if isinstance(mark, dict)]
            before, runs = said.get("before"), said.get("runs")
            return {
                "forced_by_others": said["forced_by_others"],
                "marks": marks,
                "before": before if isinstance(before, dict) else {},
                "runs": [run for run in runs if isinstance(run, str)] if isinstance(runs, list) else None,
            }
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return {"forced_by_others": None, "marks": [], "before": {}, "runs": None}

    @contextmanager
    def _note_lock(self) -> Iterator[None]:
        """A stuck one is not waited for any longer than this: the change matters more."""
        with FileLock(self._path.with_suffix(".note.lock")) as lock:
            lock.wait(_NOTE_S, self._clock)
            yield

    def _write(self, note: Facts) -> None:
        jsonl.replace(self._note, canonical(note))


def unreleased(home: Home, *, without: str = "", known: Known | None = None) -> tuple[Open, ...]:
    """Every containment with a server that no release has brought back, oldest first; the run `without` is
    left out. Who asks often keeps what was read in `known`.
    """
    runs: dict[str, Ledger | None] = {}
    released: set[tuple[str, str]] = set()
    for run in home.runs():
        if run == without or is_closed(home, run):
            continue
        ledger, problem = _folded(home, run, {} if known is None else known)
        if ledger is not None:
            released |= ledger.released
        if ledger is None and problem is not None and home.has_journal(run):
            runs[run] = None
        elif ledger is not None and ledger.direction is Direction.APPLY and not ledger.is_dry:
            runs[run] = ledger
    found = []
    for run, ledger in sorted(runs.items(), key=lambda item: item[1].started_at if item[1] else ""):
        left = tuple(name for name in ledger.servers if (run, name) not in released) if ledger else ()
        if left or ledger is None:
            found.append(Open(run, left, ledger))
    return tuple(found)


def _folded(home: Home, run: str, known: Known) -> Folded:
    """A journal as it is now: read again when it has grown."""
    try:
        about = home.journal(run).stat()
        size = about.st_size, about.st_mtime_ns
    except OSError:
        size = None
    if size is None or run not in known or known[run][0] != size:
        known[run] = size, fold(journal.read(home.journal(run), home.anchor(run), run))
    return known[run][1]


def close(home: Home, runs: set[str]) -> None:
    """Mark runs that need not be read again to know who holds what: a hint, never a truth."""
    for run in runs:
        home.journal(run).with_name("closed").touch(0o600)


def is_closed(home: Home, run: str) -> bool:
    return home.journal(run).with_name("closed").exists()


def _joined(one: Facts, other: Facts) -> Facts:
    return {
        name: sorted({*said, *other[name]})
        for name, said in one.items()
        if isinstance(said, list) and isinstance(other.get(name), list)
    }


def _mark(facts: Facts) -> Facts:
    return {name: facts[name] for name in _MARK if name in facts}


def _has_policy(ledger: Ledger) -> bool:
    return any(state.step.role == ROLE for state in ledger.steps.values())


def _had(ledger: Ledger) -> bool:
    seen = [state.verdict for state in ledger.steps.values() if state.step.role == ROLE and state.verdict]
    return _may_have_forced(ledger) or any(verdict.verdict is Verdict.YES for verdict in seen)


def _may_have_forced(ledger: Ledger) -> bool:
    return any(state.step.role == ROLE and state.may_have_acted for state in ledger.steps.values())
