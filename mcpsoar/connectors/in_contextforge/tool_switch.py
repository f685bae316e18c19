"""registry.disable_tool: one tool of a gateway entry off, the rest of it at work."""

from mcpsoar.connectors.in_contextforge.directory import Directory, Gateway, Tool
from mcpsoar.connectors.in_contextforge.gateways import switch
from mcpsoar.connectors.in_contextforge.workers import Workers
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Denied, UnknownTarget
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import telling
from mcpsoar.kit.http import Edge
from mcpsoar.kit.rooms import Room
from mcpsoar.kit.targets import ENTRY_ID, TOOL_ID, tool
from mcpsoar.kit.touched import named, touched


class ToolSwitch(Room):
    """A tool is called as its own server calls it, or as this gateway does, or by its id. Its server may call
    another one so later: an undo is of the id that was noted.

    One that is switched on while its entry is off executes (measured, 1.0.7): under such an entry none is
    switched on, and the entry's own switch brings it back.
    """

    def __init__(self, edge: Edge, clock: Clock, directory: Directory, workers: Workers) -> None:
        super().__init__(edge, clock)
        self._directory = directory
        self._workers = workers

    @property
    def marks(self) -> tuple[str, ...]:
        return ("edit",)

    @property
    def lacks(self) -> tuple[str, ...]:
        words = "enabling an entry switches all its tools on: by hand, one in quarantine too"
        return (words,)

    def baseline(self, step: Step) -> Baseline:
        entry, found = self._found(step)
        affects = touched(step.role, tools=named([found.name]), owner=entry.owner)
        return Baseline(not found.enabled, _facts(entry, found), self._now(), affects)

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        entry, found = self._found(step)
        then = was.facts.get(TOOL_ID, found.id) if was else found.id
        if then != found.id:
            words = (
                f"{tool(step)[0]} was {then} when it was looked at, and is {found.id} now: contain it anew"
            )
            raise Denied(words, where=self._where)
        if found.enabled:  # one that is off may be off by an earlier try
            telling.about_to(Effect(_facts(entry, found), self._now(), found_in_force=False))
        try:
            self._switch(found, enabled=False)
        finally:  # a switch whose answer is lost may have been thrown
            self._workers.thrown(found.id)
        return Effect({**_facts(entry, found), "enabled": False}, self._now())

    def look(self, step: Step) -> Observation:
        entry, found = self._found(step)
        words, facts = _words(entry, found), _facts(entry, found)
        if found.enabled:
            return Observation(Verdict.NO, words, facts, self._now())
        behind = self._workers.behind(f"{found.name} of {entry.name}", found.id, found.updated_at)
        return Observation(Verdict.YES, words, facts, self._now(), behind)

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        entry, found = self._contained(step, was)
        if not entry.enabled:
            return Effect({**_facts(entry, found), "left": "to the switch of its gateway"}, self._now())
        self._switch(found, enabled=True)
        if not self._directory.gateway(entry.id).enabled:  # somebody contained it meanwhile
            self._switch(found, enabled=False)
        return Effect({**_facts(entry, found), "enabled": True}, self._now())

    def look_back(self, step: Step, was: Baseline | None) -> Observation:
        entry, found = self._contained(step, was)
        words, facts = _words(entry, found), _facts(entry, found)
        if was is not None and was.in_force:
            verdict = Verdict.NO if found.enabled else Verdict.YES
        else:
            verdict = Verdict.YES if found.enabled is entry.enabled else Verdict.NO
        if verdict is Verdict.YES and not entry.enabled:
            words += ", and comes back with it"
        return Observation(verdict, words, facts, self._now())

    def _switch(self, found: Tool, *, enabled: bool) -> None:
        try:
            switch(self._edge, "tool", found.id, enabled=enabled)
        finally:
            self._directory.changed()

    def _found(self, step: Step) -> tuple[Gateway, Tool]:
        """As they are now. Raises UnknownTarget, and Denied where several are meant."""
        name, server = tool(step)
        entry, tools = self._all_of(self._directory.find(server))
        for called in ("id", "original", "name"):
            found = [one for one in tools if getattr(one, called) == name]
            if len(found) > 1:
                ids = ", ".join(sorted(one.id for one in found))
                raise Denied(
                    f"{len(found)} tools of {entry.name} are called {name}: {ids}", where=self._where
                )
            if found:
                return entry, found[0]
        raise UnknownTarget(f"gateway {entry.name} has no tool {name}", where=self._where)

    def _contained(self, step: Step, was: Baseline | None) -> tuple[Gateway, Tool]:
        """The tool that was seen before the change. Raises UnknownTarget where it is gone."""
        if was is None or not {TOOL_ID, ENTRY_ID} <= was.facts.keys():
            return self._found(step)
        entry, tools = self._all_of(was.facts[ENTRY_ID])
        for one in tools:
            if one.id == was.facts[TOOL_ID]:
                return entry, one
        words = f"gateway {entry.name} has no tool {was.facts[TOOL_ID]} any more"
        raise UnknownTarget(words, where=self._where)

    def _all_of(self, entry_id: str) -> tuple[Gateway, tuple[Tool, ...]]:
        tools = self._directory.tools(entry_id)
        # of an entry that is off all are shown as off: it is asked last, for it may be switched off meanwhile
        return self._directory.gateway(entry_id), tools


def _facts(entry: Gateway, found: Tool) -> Facts:
    return {
        TOOL_ID: found.id,
        "name": found.name,
        "enabled": found.enabled,
        "edit": found.edit,
        "is_read_only": found.is_read_only,
        ENTRY_ID: entry.id,
        "is_gateway_on": entry.enabled,
    }


def _words(entry: Gateway, found: Tool) -> str:
    words = f"tool {found.name} ({found.id}) is {'enabled' if found.enabled else 'disabled'}"
    if entry.enabled:
        return words
    beside = "though its gateway {} is not" if found.enabled else "with its gateway {}"
    return f"{words}, {beside.format(entry.name)}"
