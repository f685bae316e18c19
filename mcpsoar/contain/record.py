"""One step's entries in the journal of its run."""

from mcpsoar.contain.journal import Journal
from mcpsoar.contain.ledger import look_facts, observation_facts
from mcpsoar.contain.looks import Look
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Trouble
from mcpsoar.core.run import Baseline, Observation


class Record:
    """Each entry is on disk when its call returns, but for a look that is held. All raise Unwritable."""

    def __init__(self, journal: Journal, step: str) -> None:
        self._journal = journal
        self._step = step
        self._held: tuple[Facts, ...] = ()

    def hold(self, look: Look) -> None:
        """The look before a change goes to the disk with the entry after it, so that nobody waits twice."""
        if look.baseline is not None:
            self._held = (self._entry("look", look_facts(look.baseline)),)
        else:
            what = type(look.trouble).__name__ if look.trouble else None
            self._held = (self._entry("look", {"unknown": look.why_unknown, "what": what}),)

    def let_go(self) -> None:
        """Write what is held, where no entry comes after it."""
        if self._held:
            self._append()

    def write(self, kind: str, **facts: object) -> None:
        self._append(self._entry(kind, facts))

    def look(self, was: Baseline, kind: str = "look") -> None:
        self._append(self._entry(kind, look_facts(was)))

    def seen(self, seen: Observation, why: str) -> None:
        self._append(self._entry("seen", {"why": why, **observation_facts(seen)}))

    def trouble(self, trouble: Trouble) -> None:
        self.write("trouble", what=type(trouble).__name__, text=str(trouble))

    def _append(self, *entries: Facts) -> None:
        held, self._held = self._held, ()
        self._journal.append(*held, *entries)

    def _entry(self, kind: str, facts: Facts) -> Facts:
        return {"kind": kind, "step": self._step, **facts}
