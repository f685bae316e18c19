"""registry.disable: the switch of a gateway entry, by which calls really end."""

from datetime import timedelta

from mcpsoar.connectors.in_contextforge.directory import Directory, Gateway
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Malformed, Usage
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Exposure, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.http import Edge
from mcpsoar.kit.rooms import Room, server

_SKEW = timedelta(minutes=5)  # that the plane's clock may differ from ours


class Gateways(Room):
    """Enabling an entry switches all its tools on: those that were off before are switched off again."""

    def __init__(self, edge: Edge, clock: Clock, directory: Directory, workers_s: float) -> None:
        super().__init__(edge, clock)
        self._directory = directory
        self._workers = timedelta(seconds=workers_s)
        self._known_off: dict[str, str] = {}

    @property
    def lacks(self) -> tuple[str, ...]:
        if self._workers:
            last = f"for {self._workers.total_seconds():g} s after a change"
            return (f"other workers go on {last} (workers_s = 0 where there is one, or Redis)",)
        return ()

    def identity(self, server: str) -> str:
        return self._directory.find(server)

    def survey(self) -> str:
        found = self._directory.gateways()
        return f"{len(found)} gateways, {sum(not one.enabled for one in found)} of them off"

    def baseline(self, step: Step) -> Baseline:
        # of a gateway that is off all tools are shown as off, and nobody can see which were before: it is
        # asked last, for it may be switched off meanwhile
        tools = self._directory.tools(self._directory.find(server(step)))
        entry = self._entry(step)
        off = sorted(tool.id for tool in tools if entry.enabled and not tool.enabled)
        return Baseline(not entry.enabled, {**_facts(entry), "tools_off": off}, self._now())

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        entry_id = self._directory.find(server(step))
        try:
            self._switch("gateway", entry_id, enabled=False)
        finally:  # a switch whose answer is lost may have been thrown
            self._known_off[entry_id] = stamp(self._clock.now() + self._workers)
        return Effect({"gateway": entry_id, "enabled": False}, self._now())

    def look(self, step: Step) -> Observation:
        entry = self._entry(step)
        words = _words(entry)
        if entry.enabled:
            return Observation(Verdict.NO, words, _facts(entry), self._now())
        return Observation(Verdict.YES, words, _facts(entry), self._now(), self._behind(entry))

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        entry_id = self._contained(step, was)
        self._switch("gateway", entry_id, enabled=True)
        off = _off(was)
        for tool in off:
            self._switch("tool", tool, enabled=False)
        return Effect({"gateway": entry_id, "enabled": True, "tools_off_again": off}, self._now())

    def look_back(self, step: Step, was: Baseline | None) -> Observation:
        entry = self._directory.gateway(self._contained(step, was))
        wanted = was is None or not was.in_force
        words = _words(entry)
        if entry.enabled is not wanted:
            return Observation(Verdict.NO, words, _facts(entry), self._now())
        off = set(_off(was))
        on = sorted(tool.id for tool in self._directory.tools(entry.id) if tool.id in off and tool.enabled)
        if on:
            words += f"; {len(on)} of its tools, off before the run, are on"
            return Observation(Verdict.NO, words, _facts(entry), self._now(), is_partial=True)
        return Observation(Verdict.YES, words, _facts(entry), self._now())

    def _entry(self, step: Step) -> Gateway:
        return self._directory.gateway(self._directory.find(server(step)))

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
        switch(self._edge, kind, entry_id, enabled=enabled)

    def _behind(self, entry: Gateway) -> tuple[Exposure, ...]:
        """Other workers go on with what they remember: from our switch on, or else since we saw it off."""
        now = self._clock.now()
        is_old = entry.updated_at is not None and now - entry.updated_at > self._workers + _SKEW
        if not self._workers or (is_old and entry.id not in self._known_off):
            return ()
        until = self._known_off.setdefault(entry.id, stamp(now + self._workers))
        if stamp(now) >= until:
            return ()
        return (Exposure(f"calls to {entry.name} by workers of the gateway that have not noticed", until),)


def switch(edge: Edge, kind: str, entry_id: str, *, enabled: bool) -> None:
    """Switch one `gateway` or `tool`, and hold the answer against what was asked. Errors are Edge's."""
    query = {"activate": str(enabled).lower()}
    body = edge.change("POST", "v1", f"{kind}s", entry_id, "state", query=query).body
    said = body.get(kind) if isinstance(body, dict) else None
    if not isinstance(said, dict) or said.get("id") != entry_id or said.get("enabled") is not enabled:
        raise Malformed(f"the answer does not say that the {kind} is switched", where=edge.where)


def _words(entry: Gateway) -> str:
    return f"gateway {entry.name} ({entry.id}) is {'enabled' if entry.enabled else 'disabled'}"


def _facts(entry: Gateway) -> Facts:
    return {"gateway": entry.id, "name": entry.name, "enabled": entry.enabled}


def _off(was: Baseline | None) -> list[str]:
    return [str(tool) for tool in was.facts.get("tools_off", ())] if was else []
