"""The commands of one search as they are written: names of its own, and what may be lost on the way.

Only commands without a silent limit are used for what has no bound: `sort 0`, `accum`, `eventstats`,
`mvexpand`. The last two stop at a limit of memory: eventstats then leaves its fields out, mvexpand some of
its results (Search Reference 10.0, their pages). Both are counted, and `lost` is 1 from there on.
"""

from collections.abc import Sequence

LOST = "lost"
ROW = "row"
_EXACT = 2**53 - 1  # the largest whole number of a double
_TOLD = "told"


class Commands:
    """Written one after the other; what is assigned in a row goes into one `eval`."""

    def __init__(self, first: Sequence[str], names: Sequence[str], always: Sequence[str] = ()) -> None:
        """`always` are the fields that every group begins with."""
        self.always = list(always)
        self._written = list(first)
        self._pending: list[str] = []
        self._names = {*names, LOST, ROW, _TOLD}
        self.row = ROW  # each result's place: by event_ms and event_key, as long as each is an event

    def text(self) -> str:
        """The search."""
        self._flush()
        return "\n| ".join(self._written)

    def name(self, wish: str) -> str:
        """A field that nothing else is kept in."""
        found, number = wish, 1
        while found in self._names:
            number += 1
            found = f"{wish}_{number}"
        self._names.add(found)
        return found

    def put(self, wish: str, expression: str) -> str:
        """Assign a new field; its name."""
        made = self.name(wish)
        self._pending.append(f"{made}={expression}")
        return made

    def put_again(self, name: str, expression: str) -> None:
        """Assign a field that there is already."""
        self._pending.append(f"{name}={expression}")

    def say(self, command: str) -> None:
        """Any other command."""
        self._flush()
        self._written.append(command)

    def eventstats(self, asked: Sequence[tuple[str, str]], by: Sequence[str] = ()) -> list[str]:
        """Statistics over all results with the same `by`, which are never null; their names."""
        names = [self.name(wish) for wish, _ in asked]
        told = [f"{function} AS {name}" for (_, function), name in zip(asked, names, strict=True)]
        self._eventstats([*told, f"count AS {_TOLD}"], by)
        self._pending += [f"{LOST}=if(isnull({_TOLD}), 1, {LOST})", f"{_TOLD}=null()"]
        return names

    def expand(self, field: str) -> None:
        """One result for each value of a field."""
        (due,) = self.eventstats([("due", f"sum(eval(mvcount({field})))")])
        self.say(f"mvexpand {field}")
        self._eventstats([f"count AS {_TOLD}"], ())
        self._pending += [f"{LOST}=if({_TOLD}={due}, {LOST}, 1)", f"{_TOLD}=null()"]

    def number(self) -> None:
        """Give each result a place of its own again."""
        one, self.row = self.put("one", "1"), self.name(ROW)
        self.say(f"accum {one} AS {self.row}")

    def summed(self, field: str) -> None:
        """Sums are of numbers from 0 on that a double holds all together; of others the answer is lost."""
        least, most = self.eventstats([("least", f"min({field})"), ("most", f"sum({field})")])
        self.put_again(LOST, f"if({least}>=0 AND {most}<={_EXACT}, {LOST}, 1)")

    def keep(self, *members: str) -> None:
        """Drop the results that are in none of these relations."""
        kept = f"where {' OR '.join(f'{one}=1' for one in (*members, LOST))}"
        if self._written[-1] != kept or self._pending:
            self.say(kept)

    def _eventstats(self, told: Sequence[str], by: Sequence[str]) -> None:
        groups = list(dict.fromkeys((*self.always, *by)))
        by_groups = f" BY {', '.join(groups)}" if groups else ""
        self.say(f"eventstats {', '.join(told)}{by_groups}")

    def _flush(self) -> None:
        if self._pending:
            self._written.append(f"eval {', '.join(self._pending)}")
            self._pending = []
