"""Lookup indices: what an overlay says of gates and servers, as documents that a query joins.

Every index is there, empty or not, because a query that joins one that is not fails. A document's `_id` is
fixed by what it is about, so that it can be sent again and again.
"""

from collections.abc import Iterator
from typing import Any

from mcpsoar.core.siem import Item
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import gate_rules, naming
from mcpsoar.targets.es import alert, gate


def items(content: Content) -> Iterator[Item]:
    """The indices, then their documents, which are named index/_id."""
    yield Item("lookup_index", alert.LOOKUP, alert.lookup_index())
    yield Item("lookup_index", gate.LOOKUP, gate.lookup_index())
    for gate_id, document in gate_rules.thresholds(content):
        yield Item("lookup_document", f"{alert.LOOKUP}/{gate_id}", document)
    for name in content.tuning.approved or ():
        approved: dict[str, Any] = {"mcp": {"server_name": name, "on_approved_list": True}}
        yield Item("lookup_document", f"{gate.LOOKUP}/{naming.fixed('approved', name)}", approved)
