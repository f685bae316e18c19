"""policy.force_write_approval: every tool that may write, switched off one by one."""

from dataclasses import replace

from mcpsoar.connectors.in_contextforge.affected import tools_touched
from mcpsoar.connectors.in_contextforge.directory import Directory, Tool
from mcpsoar.connectors.in_contextforge.gateways import switch
from mcpsoar.connectors.in_contextforge.workers import Workers
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Exposure, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import telling
from mcpsoar.kit.each import each
from mcpsoar.kit.http import Edge
from mcpsoar.kit.rooms import Room

_ALL = "every tool that may write"


class Tools(Room):
    """`open` in facts are the tools that were on; an undo switches those on again and no others."""

    def __init__(self, edge: Edge, clock: Clock, directory: Directory, workers: Workers) -> None:
        super().__init__(edge, clock)
        self._directory = directory
        self._workers = workers
        self._late: set[str] = set()

    @property
    def marks(self) -> tuple[str, ...]:
        return ("tool",)

    @property
    def lacks(self) -> tuple[str, ...]:
        return ("cannot ask for approvals: every tool that does not call itself read-only is switched off",)

    def survey(self) -> str:
        tools = self._directory.tools()
        return f"{_counted(tools)['may_write']} of {len(tools)} tools may write"

    def baseline(self, step: Step) -> Baseline:
        tools = self._directory.tools()
        left = _open(tools)
        affects = tools_touched(step, tools, left)
        return Baseline(not left, {**_counted(tools), **_edits(tools), "open": left}, self._now(), affects)

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        left = _open(self._directory.tools())
        effect = Effect({"open": left}, self._now(), found_in_force=not left)
        telling.about_to(effect)
        try:
            self._switch(left, enabled=False)
        finally:
            self._workers.thrown(_ALL)
        return replace(effect, at=self._now())

    def look(self, step: Step) -> Observation:  # noqa: ARG002
        tools = self._directory.tools()
        counted, left = _counted(tools), _open(tools)
        words = f"{len(left) or 'none'} of {counted['may_write']} tools that do not call themselves read-only"
        words += " is on" + ": writes are blocked, for no approval can be asked here" * (not left)
        verdict = Verdict.NO if left else Verdict.YES
        is_partial = 0 < len(left) < counted["may_write"]
        facts = {**counted, **_edits(tools), "open": left}
        exposures = (*_believed(tools), *(self._behind(tools) if not left else ()))
        return Observation(verdict, words, facts, self._now(), exposures, is_partial=is_partial)

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        waiting = self._waiting(was)
        self._switch(list(waiting), enabled=True)
        on = self._gateways_on()
        # one that somebody contained meanwhile: its tools execute if they are on, whatever the entry says
        self._switch([tool for tool, gateway in waiting.items() if gateway not in on], enabled=False)
        return Effect({"switched_on": sorted(waiting)}, self._now())

    def look_back(self, step: Step, was: Baseline | None) -> Observation:  # noqa: ARG002
        waiting = self._waiting(was)
        be = "are" if len(waiting) > 1 else "is"
        words = f"{len(waiting) or 'none'} of the tools that were on before {be} off"
        return Observation(
            Verdict.NO if waiting else Verdict.YES,
            words,
            {"off": sorted(waiting)},
            self._now(),
            is_partial=bool(waiting),
        )

    def _behind(self, tools: tuple[Tool, ...]) -> tuple[Exposure, ...]:
        off = [tool.updated_at for tool in tools if not tool.is_read_only]
        known = [at for at in off if at is not None]
        newest = max(known) if len(known) == len(off) else None
        return self._workers.behind("tools that may write", _ALL, newest) if off else ()

    def _switch(self, tools: list[str], *, enabled: bool) -> None:
        def send(tool: str) -> None:
            switch(self._edge, "tool", tool, enabled=enabled)

        each(tools, send, where=self._where, late=self._late)

    def _waiting(self, was: Baseline | None) -> dict[str, str | None]:
        """Tools to switch on, and their gateways: on before, off now, and not of a gateway that is off."""
        if was is None or "open" not in was.facts:
            raise Unsupported("which tools were on before is not known here: switch them on by hand")
        before = set(was.facts["open"])
        on = self._gateways_on()
        return {
            tool.id: tool.gateway
            for tool in self._directory.tools()
            if tool.id in before and not tool.enabled and tool.gateway in on
        }

    def _gateways_on(self) -> set[str | None]:
        """With None, for tools that have none."""
        return {None, *(gateway.id for gateway in self._directory.gateways() if gateway.enabled)}


def _open(tools: tuple[Tool, ...]) -> list[str]:
    return sorted(tool.id for tool in tools if tool.enabled and not tool.is_read_only)


def _believed(tools: tuple[Tool, ...]) -> tuple[Exposure, ...]:
    """That a tool only reads is the word of its own server, and that may be the suspect."""
    on = sum(tool.enabled and tool.is_read_only for tool in tools)
    if not on:
        return ()
    words = "1 tool calls itself read-only and stays on"
    words = words if on == 1 else f"{on} tools call themselves read-only and stay on"
    return (Exposure(words, None, is_beside=True),)


def _edits(tools: tuple[Tool, ...]) -> Facts:
    return {"tool": {tool.id: tool.edit for tool in tools if not tool.is_read_only}}


def _counted(tools: tuple[Tool, ...]) -> Facts:
    may_write = sum(not tool.is_read_only for tool in tools)
    return {"may_write": may_write, "read_only_by_their_own_word": len(tools) - may_write}
