"""A gate as the targets of SIEMs are given it: its text, and its conditions over one event as SQL trees.

Who asks for a conversion parses the gate with LISTED as the one name on the list of approved servers: a SIEM
has the names in a lookup of its own.
"""

from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.content import GateText

LISTED = "\0approved"


@dataclass(frozen=True, slots=True)
class Gate:
    """Conditions, where NULL is no; a gate that does not warn has none for it."""

    text: GateText
    subject: exp.Expr
    hit: exp.Expr
    judged: exp.Expr
    warned: exp.Expr | None


def asks_list(node: exp.Expr) -> bool:
    """Whether it asks if a name is on the list."""
    return isinstance(node, exp.In) and [one.name for one in node.expressions] == [LISTED]
