"""registry.disable: the switch of a gateway entry, by which calls really end."""

from collections.abc import Collection

from mcpsoar.connectors.in_contextforge.affected import Fronts, gateway_touched
from mcpsoar.connectors.in_contextforge.directory import MARKS, Directory, Gateway, Tool
from mcpsoar.connectors.in_contextforge.workers import Workers
from mcpsoar.core.digest import Facts, digest
from mcpsoar.core.errors import Indeterminate, Malformed, Usage
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.http import Edge
from mcpsoar.kit.in_turn import InTurn
from mcpsoar.kit.rooms import Room, server
from mcpsoar.kit.touched import touched


class Gateways(Room):
    """Enabling an entry switches all its tools on: those that were off before are switched off again.

    A tool that is switched on while its entry is off executes, and to disable the entry again leaves it on
    (measured, 1.0.7; an enabling that finds tools gone ends so by itself): each of them is switched off.
    One switch is thrown after the other: on SQLite each takes five seconds, and no other call is answered.
    """

    def __init__(self, edge: Edge, clock: Clock, directory: Directory, workers: Workers) -> None:
        super().__init__(edge, clock)
        self._directory = directory
        self._fronts = Fronts(edge, clock, directory)
        self._workers = workers
        self._stray: dict[str, list[str]] = {}
        self._order = InTurn()

    @property
    def lacks(self) -> tuple[str, ...]:
        return self._workers.lacks

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(MARKS)

    def identity(self, server: str) -> str:
        return self._directory.find(server)

    def survey(self) -> str:
        found = self._directory.gateways()
        return f"{len(found)} gateways, {sum(not one.enabled for one in found)} of them off"

    def baseline(self, step: Step) -> Baseline:
        entry, tools = self._directory.before(self._directory.find(server(step)))
        if _stray(entry, tools):  # unless it was switched off between the one reading and the other
            entry, tools = self._directory.after(entry.id)
        stray = self._stray[entry.id] = _stray(entry, tools)
        off = sorted(tool.id for tool in tools if entry.enabled and not tool.enabled)
        facts = {**_facts(entry), "tools_off": off, "manifest": _manifest(tools)}
        facts |= {"tools_on": stray} if stray else {}
        affects = gateway_touched(step, entry, tools)
        return Baseline(not entry.enabled and not stray, facts, self._now(), affects)

    def affects(self, step: Step) -> Facts:
        return touched(step.role, servers=self._fronts.of(self._directory.find(server(step))))

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        entry_id = self._directory.find(server(step))
        try:
            self._switch("gateway", entry_id, enabled=False)
            for tool in self._stray.get(entry_id, ()):
                self._switch("tool", tool, enabled=False)
        finally:  # a switch whose answer is lost may have been thrown
            self._workers.thrown(entry_id)
        return Effect({"gateway": entry_id, "enabled": False}, self._now())

    def look(self, step: Step) -> Observation:
        entry, tools = self._directory.after(self._directory.find(server(step)))
        words = _words(entry)
        if entry.enabled:
            return Observation(Verdict.NO, words, _facts(entry), self._now())
        stray = self._stray[entry.id] = _stray(entry, tools)
        if stray:
            be = "is" if len(stray) == 1 else "are"
            words += f", and {len(stray)} of its tools {be} on: such a tool executes"
            facts = {**_facts(entry), "tools_on": stray}
            return Observation(Verdict.NO, words, facts, self._now(), is_partial=True)
        behind = self._workers.behind(entry.name, entry.id, entry.updated_at)
        return Observation(Verdict.YES, words, _facts(entry), self._now(), behind)

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        entry_id = self._contained(step, was)
        if _was_off(was):
            on = _named(was, "tools_on")
            for tool in on:
                self._switch("tool", tool, enabled=True)
            return Effect({"gateway": entry_id, "enabled": False, "tools_on_again": on}, self._now())
        off = _named(was, "tools_off")
        try:
            self._switch("gateway", entry_id, enabled=True)
        finally:  # a switch whose answer is lost may have been thrown
            known = {tool.id for tool in self._directory.tools(entry_id)} if off else set()
            for tool in off:
                if tool in known:
                    self._switch("tool", tool, enabled=False)
        return Effect({"gateway": entry_id, "enabled": True, "tools_off_again": off}, self._now())

    def look_back(self, step: Step, was: Baseline | None) -> Observation:
        entry = self._directory.gateway(self._contained(step, was))
        words = _words(entry)
        is_off = _was_off(was)
        if entry.enabled is is_off:
            return Observation(Verdict.NO, words, _facts(entry), self._now())
        before = set(_named(was, "tools_on" if is_off else "tools_off"))
        own = self._directory.tools(entry.id)
        wrong = sorted(tool.id for tool in own if tool.id in before and tool.enabled is not is_off)
        if wrong:
            was_word, is_word = ("on", "off") if is_off else ("off", "on")
            words += f"; {len(wrong)} of its tools, {was_word} before the run, are {is_word}"
            return Observation(Verdict.NO, words, _facts(entry), self._now(), is_partial=True)
        facts = {**_facts(entry), "manifest": _manifest(own)}
        if was is not None and was.facts.get("manifest", facts["manifest"]) != facts["manifest"]:
            words += "; what it tells agents of its tools is not what it told before"
        return Observation(Verdict.YES, words, facts, self._now())

    def _contained(self, step: Step, was: Baseline | None) -> str:
        """The entry that was seen before the change. Raises Usage where the name means another one today."""
        today = self._directory.find(server(step))
        then = was.facts.get("gateway", today) if was else today
        if then != today:
            raise Usage(
                f"{server(step)} was gateway {then} before it was contained, and is {today} now: "
                "name them as they were, or switch the one on by hand",
                where=self._where,
            )
        return today

    def _switch(self, kind: str, entry_id: str, *, enabled: bool) -> None:
        try:
            with self._order.turn():
                switch(self._edge, kind, entry_id, enabled=enabled)
        finally:
            self._directory.changed()


def switch(edge: Edge, kind: str, entry_id: str, *, enabled: bool) -> None:
    """Switch one `gateway` or `tool`, and hold the answer against what was asked. Errors are Edge's."""
    query = {"activate": str(enabled).lower()}
    body = edge.change("POST", "v1", f"{kind}s", entry_id, "state", query=query).body
    said = body.get(kind) if isinstance(body, dict) else None
    if not isinstance(said, dict) or said.get("id") != entry_id or not isinstance(said.get("enabled"), bool):
        raise Malformed(f"the answer does not say that the {kind} is switched", where=edge.where)
    if said["enabled"] is not enabled:  # seen of an entry whose tools had changed: the next call did it
        raise Indeterminate(f"the answer says that the {kind} is not switched", where=edge.where)


def _words(entry: Gateway) -> str:
    return f"gateway {entry.name} ({entry.id}) is {'enabled' if entry.enabled else 'disabled'}"


def _facts(entry: Gateway) -> Facts:
    return {"gateway": entry.id, "name": entry.name, "enabled": entry.enabled, **entry.marks}


def _manifest(tools: Collection[Tool]) -> str:
    """The digest of what agents are told of all of them, whether they are on or off."""
    return digest(sorted(tool.manifest for tool in tools))


def _stray(entry: Gateway, tools: tuple[Tool, ...]) -> list[str]:
    """Tools that are on while their entry is not."""
    return [] if entry.enabled else sorted(tool.id for tool in tools if tool.enabled)


def _was_off(was: Baseline | None) -> bool:
    return was is not None and was.facts.get("enabled", not was.in_force) is False


def _named(was: Baseline | None, name: str) -> list[str]:
    return [str(tool) for tool in was.facts.get(name, ())] if was else []
