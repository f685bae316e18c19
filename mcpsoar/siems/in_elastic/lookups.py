"""Lookup indices: what an overlay says of gates and servers, as documents that a query joins.

Every index is there, empty or not, because a query that joins one that is not fails. A document's `_id` is
fixed by what it is about, so that it can be sent again and again.
"""

from collections.abc import Iterator
from typing import Any

from mcpsoar.pack.overlay import Tuning
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import gate_rules, naming
from mcpsoar.siems.objects import Item
from mcpsoar.targets.es import alert, gate, listed


def items(content: Content) -> Iterator[Item]:
    """The indices, then their documents, which are named index/_id."""
    yield Item("lookup_index", alert.LOOKUP, alert.lookup_index())
    yield Item("lookup_index", gate.LOOKUP, gate.lookup_index())
    yield Item("lookup_index", listed.SERVERS, listed.servers_index())
    yield Item("lookup_index", listed.WINDOWS, listed.windows_index())
    for gate_id, document in gate_rules.thresholds(content):
        yield Item("lookup_document", f"{alert.LOOKUP}/{gate_id}", document)
    for name in content.tuning.approved or ():
        approved: dict[str, Any] = {"mcp": {"server_name": name, "on_approved_list": True}}
        yield Item("lookup_document", f"{gate.LOOKUP}/{naming.fixed('approved', name)}", approved)
    yield from _servers(content.tuning)
    yield from _windows(content.tuning)


def _servers(tuning: Tuning) -> Iterator[Item]:
    for name in sorted(tuning.pins.keys() | tuning.tickets.keys()):
        said = {"pinned_manifest_hash": tuning.pins.get(name), "change_ticket": tuning.tickets.get(name)}
        known = {key: value for key, value in said.items() if value is not None}
        document = {"mcp": {"server_name": name}, "listed": known}
        yield Item("lookup_document", f"{listed.SERVERS}/{naming.fixed('server', name)}", document)


def _windows(tuning: Tuning) -> Iterator[Item]:
    for one in tuning.deploy_windows:
        known = {"window_from": one.start_ms, "window_to": one.end_ms}
        document = {"mcp": {"server_name": one.server_name}, "listed": known}
        own = naming.fixed("window", one.server_name, str(one.start_ms), str(one.end_ms))
        yield Item("lookup_document", f"{listed.WINDOWS}/{own}", document)
