"""What a step acts on when that is no server: `tool:TOOL@SERVER` and `principal:NAME`, spelt so everywhere.

A name without such a beginning is a server. What a tool is called is its own server's to choose, an @ in it
too: its server begins after the last one. A server that has an @ in its name goes by another, or its id.
"""

from dataclasses import replace

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Step

TOOL = "tool:"
PRINCIPAL = "principal:"
TOOL_ID, ENTRY_ID = "tool_id", "gateway"  # in a baseline, where a control plane knows tools by ids
SPELT = {TOOL: "tool:TOOL@SERVER", PRINCIPAL: "principal:NAME", "": "SERVER"}
# an action acts on servers, if it does not stand here
OF = {
    "registry.disable_tool": TOOL,
    "tokens.stop_issuance_principal": PRINCIPAL,
    "tokens.revoke_principal": PRINCIPAL,
}


def kind(name: str) -> str:
    """TOOL, PRINCIPAL, or the empty text for a server."""
    return next((begin for begin in (TOOL, PRINCIPAL) if name.startswith(begin)), "")


def server(name: str) -> str:
    """Whose server it is about: a tool's own, or else the name itself."""
    found = _tool(name)
    return found[1] if found else name


def fits(action: str, name: str) -> bool:
    """Whether that action can act on what is so called."""
    is_whole = name != kind(name) and (kind(name) != TOOL or _tool(name) is not None)
    return is_whole and kind(name) == OF.get(action, "")


def tool(step: Step) -> tuple[str, str]:
    """The tool that a step acts on, and its server. Raises Usage where it names none."""
    found = _tool(step.server or "")
    if found is None:
        raise Usage(f"{step.action} acts on {SPELT[TOOL]} and step {step.id!r} names none")
    return found


def noted(step: Step, facts: Facts) -> Step:
    """The step on the tool that was seen, by its ids, where there are any: another may be called so today."""
    ids = [facts.get(TOOL_ID), facts.get(ENTRY_ID)]
    if kind(step.server or "") != TOOL or not all(isinstance(one, str) and one for one in ids):
        return step
    return replace(step, server=f"{TOOL}{ids[0]}@{ids[1]}")


def principal(step: Step) -> str:
    """Whom a step acts on. Raises Usage where it names nobody."""
    name = step.server or ""
    if kind(name) != PRINCIPAL or name == PRINCIPAL:
        raise Usage(f"{step.action} acts on {SPELT[PRINCIPAL]} and step {step.id!r} names none")
    return name.removeprefix(PRINCIPAL)


def _tool(name: str) -> tuple[str, str] | None:
    found, _, server = name.removeprefix(TOOL).rpartition("@")
    return (found, server) if kind(name) == TOOL and found and server else None
