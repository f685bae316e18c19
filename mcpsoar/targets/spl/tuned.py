"""What a user tunes of a gate, as macros of Splunk: an upgrade replaces searches, and never a local macro.

A search for a pack names them; their definitions are the pack's own words, or the overlay's.
"""

from collections.abc import Iterator, Mapping

from sqlglot import exp

from mcpsoar.core.content import GateText, Threshold
from mcpsoar.core.event import MINUTE_MS
from mcpsoar.targets.gate import Gate, asks_list
from mcpsoar.targets.spl.text import Said, both, either

LOOKUP = "mcp_approved_servers"  # rows of server_name
ON_LIST = "on_approved_list"
LAG, APPROVED, FILLED = "mcp_gate_lag", "mcp_approved_list", "mcp_fill_manifest"
ANY_NAME = f'eval {ON_LIST}="true"'  # no list is given: every name is on it
_FILLS = {"pinned_manifest_hash", "manifest_match", "change_ticket", "has_ticket", "deploy_window"}
_ARGUMENTS = ("numerator", "denominator", "warned")


def macros(text: GateText) -> Mapping[str, tuple[str, str]]:
    """Stanza → definition and arguments: the window in minutes, and the state of three counts."""
    said = state(text, *(f"${name}$" for name in _ARGUMENTS))
    return {
        window(text): (str(text.window_ms // MINUTE_MS), ""),
        f"{_state(text)}(3)": (said, ",".join(_ARGUMENTS)),
    }


def window(text: GateText) -> str:
    """The macro of its window, in minutes."""
    return f"mcp_{text.id.replace('-', '_')}_window"


def asked_state(text: GateText, numerator: str, denominator: str, warned: str) -> str:
    """The call that stands where `state` would."""
    return f"`{_state(text)}({numerator},{denominator},{warned})`"


def ends(text: GateText) -> tuple[str, str]:
    """The window's first second and the one after its last: minutes are the same in every zone."""
    now = 'relative_time(now(), "@m")'
    return f"{now}-60*(`{LAG}`+`{window(text)}`)", f"{now}-60*`{LAG}`"


def is_late(text: GateText) -> str:
    """Whether an event was indexed after the last tick that could look at it."""
    return f'_indextime>=relative_time(_time, "@m")+60*(`{LAG}`+`{window(text)}`)'


def commands(gate: Gate) -> list[str]:
    """What lists may add to an event, before anything is asked of it."""
    trees = [tree for tree in (gate.hit, gate.judged, gate.warned) if tree is not None]
    names = {one.name for tree in trees for one in tree.find_all(exp.Column)}
    is_listed = any(asks_list(node) for tree in trees for node in tree.find_all(exp.In))
    return [*([f"`{FILLED}`"] if names & _FILLS else []), *([f"`{APPROVED}`"] if is_listed else [])]


def looked_up() -> Iterator[str]:
    """What an event itself calls listed_server goes first: a lookup that finds nothing may leave it."""
    yield "eval listed_server=null()"
    yield f"lookup {LOOKUP} server_name OUTPUT server_name AS listed_server"
    told = 'isnotnull(listed_server), "true", isnotnull(server_name), "false"'
    yield f"eval {ON_LIST}=case({told})"


def state(text: GateText, numerator: str, denominator: str, warned: str) -> str:
    """page, warn or ok; integers are multiplied, nothing is divided."""
    enough = [Said(f"{numerator}>={text.min_numerator}")] if text.min_numerator else []
    if text.page.ratio is not None and text.min_denominator:
        enough.append(Said(f"{denominator}>={text.min_denominator}"))
    page = both(*enough, _passes(text.page, numerator, denominator))
    warn = Said(f"{warned}>0")
    if text.warn is not None:
        warn = either(warn, _passes(text.warn, numerator, denominator))
    return f'case({page.text}, "page", {warn.text}, "warn", true(), "ok")'


def _passes(threshold: Threshold, numerator: str, denominator: str) -> Said:
    if threshold.ratio is None:
        return Said(f"{numerator}>0")
    sign = ">=" if threshold.inclusive else ">"
    over, under = threshold.ratio.over, threshold.ratio.under
    return both(Said(f"{denominator}>0"), Said(f"{numerator}*{under}{sign}{denominator}*{over}"))


def _state(text: GateText) -> str:
    return f"mcp_{text.id.replace('-', '_')}_state"
