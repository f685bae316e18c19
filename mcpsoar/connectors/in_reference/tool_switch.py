"""registry.disable_tool: one tool of a server off, the rest of it at work."""

from mcpsoar.connectors.in_reference.switch import STATES, Switch
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import UnknownTarget
from mcpsoar.core.plan import Step
from mcpsoar.core.run import Baseline, Effect
from mcpsoar.kit import shape
from mcpsoar.kit.targets import tool
from mcpsoar.kit.touched import named, touched


class ToolSwitch(Switch):
    """A tool that the registry does not know is an unknown target: a typing error must not read as done."""

    def baseline(self, step: Step) -> Baseline:
        entry = self._entry(step)
        affects = touched(step.role, tools=named([entry["tool"]]))
        return Baseline(entry["state"] == "disabled", entry, self._now(), affects)

    def _entry(self, step: Step) -> Facts:
        name, server = tool(step)
        reply = self._edge.find("registry", server, "tools", name, absent=_is_unknown)
        if reply is None:
            raise self._unknown(name, server)
        return self._facts(reply.body, name, server, STATES)

    def _post(self, step: Step, verb: str, key: str) -> Effect:
        name, server = tool(step)
        reply = self._edge.change(
            "POST", "registry", server, "tools", name, verb, key=key, absent=_is_unknown
        )
        if reply.status >= 400:
            raise self._unknown(name, server)
        facts = {"server": server, "tool": name, "state": f"{verb}d"}
        if reply.body is not None:
            facts = {**self._facts(reply.body, name, server, (f"{verb}d",))}
        return Effect(facts, self._now())

    def _facts(self, body: Json, name: str, server: str, states: tuple[str, ...]) -> Facts:
        shape.match(body, "server", server, where=self._where)
        shape.match(body, "tool", name, where=self._where)
        state = shape.one_of(body, "state", states, where=self._where)
        return {"server": server, "tool": name, "state": state}

    def _called(self, entry: Facts) -> str:
        return f"{entry['tool']} of {entry['server']}"

    def _unknown(self, name: str, server: str) -> UnknownTarget:
        return UnknownTarget(f"{server} has no tool {name} in the registry", where=self._where)


def _is_unknown(status: int, body: Json) -> bool:
    return status == 404 and isinstance(body, dict) and body.get("error") == "unknown_tool"
