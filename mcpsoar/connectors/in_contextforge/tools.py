"""policy.force_write_approval: every tool that may write, switched off one by one."""

from dataclasses import replace

from mcpsoar.connectors.in_contextforge.directory import Directory, Tool
from mcpsoar.connectors.in_contextforge.gateways import switch
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


class Tools(Room):
    """`open` in facts are the tools that were on; an undo switches those on again and no others."""

    def __init__(self, edge: Edge, clock: Clock, directory: Directory) -> None:
        super().__init__(edge, clock)
        self._directory = directory
        self._late: set[str] = set()

    @property
    def lacks(self) -> tuple[str, ...]:
        return ("cannot ask for approvals: every tool that does not call itself read-only is switched off",)

    def survey(self) -> str:
        tools = self._directory.tools()
        return f"{_counted(tools)['may_write']} of {len(tools)} tools may write"

    def baseline(self, step: Step) -> Baseline:  # noqa: ARG002 (one policy, everybody's)
        tools = self._directory.tools()
        left = _open(tools)
        return Baseline(not left, {**_counted(tools), "open": left}, self._now())

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        left = _open(self._directory.tools())
        effect = Effect({"open": left}, self._now(), found_in_force=not left)
        telling.about_to(effect)
        self._switch(left, enabled=False)
        return replace(effect, at=self._now())

    def look(self, step: Step) -> Observation:  # noqa: ARG002
        tools = self._directory.tools()
        counted, left = _counted(tools), _open(tools)
        words = f"{len(left) or 'none'} of {counted['may_write']} tools that do not call themselves read-only"
        words += " is on" + ": writes are blocked, for no approval can be asked here" * (not left)
        verdict = Verdict.NO if left else Verdict.YES
        is_partial = 0 < len(left) < counted["may_write"]
        facts = {**counted, "open": left}
        return Observation(verdict, words, facts, self._now(), _believed(tools), is_partial=is_partial)

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        waiting = self._waiting(was)
        self._switch(waiting, enabled=True)
        return Effect({"switched_on": waiting}, self._now())

    def look_back(self, step: Step, was: Baseline | None) -> Observation:  # noqa: ARG002
        waiting = self._waiting(was)
        words = f"{len(waiting) or 'none'} of the tools that were on before is off"
        return Observation(
            Verdict.NO if waiting else Verdict.YES,
            words,
            {"off": waiting},
            self._now(),
            is_partial=bool(waiting),
        )

    def _switch(self, tools: list[str], *, enabled: bool) -> None:
        def send(tool: str) -> None:
            switch(self._edge, "tool", tool, enabled=enabled)

        each(tools, send, where=self._where, late=self._late)

    def _waiting(self, was: Baseline | None) -> list[str]:
        """Tools to switch on: on before, off now, and not of a gateway that is off itself."""
        if was is None or "open" not in was.facts:
            raise Unsupported("which tools were on before is not known here: switch them on by hand")
        before = set(was.facts["open"])
        on = {gateway.id for gateway in self._directory.gateways() if gateway.enabled}
        return sorted(
            tool.id
            for tool in self._directory.tools()
            if tool.id in before and not tool.enabled and (tool.gateway is None or tool.gateway in on)
        )


def _open(tools: tuple[Tool, ...]) -> list[str]:
    return sorted(tool.id for tool in tools if tool.enabled and not tool.is_read_only)


def _believed(tools: tuple[Tool, ...]) -> tuple[Exposure, ...]:
    """That a tool only reads is the word of its own server, and that may be the suspect."""
    on = sum(tool.enabled and tool.is_read_only for tool in tools)
    if not on:
        return ()
    words = "1 tool calls itself read-only and stays on"
    return (Exposure(words if on == 1 else f"{on} tools call themselves read-only and stay on", None),)


def _counted(tools: tuple[Tool, ...]) -> Facts:
    may_write = sum(not tool.is_read_only for tool in tools)
    return {"may_write": may_write, "read_only_by_their_own_word": len(tools) - may_write}
