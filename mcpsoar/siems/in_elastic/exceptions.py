"""Exceptions: the list that analysts share, and what an overlay allows each rule, compared exactly.

Each rule that is allowed something has a list of its own beside the shared one, because an item holds for all
rules of its list. `match` on a keyword is a term: names exactly, enumerations without case, as stored.
"""

from collections.abc import Iterator
from typing import Any

from mcpsoar.pack.overlay import Tuning
from mcpsoar.siems.in_elastic import naming
from mcpsoar.targets.es import paths


def lists(tuning: Tuning) -> Iterator[dict[str, Any]]:
    """The shared list first."""
    yield _list(
        naming.LIST, "MCP: exceptions of all rules", "What analysts except from every rule of the pack"
    )
    for rule, said in sorted(tuning.rules.items()):
        if said.allow:
            yield _list(naming.own_list(rule), f"MCP: allowed {rule}", "From the overlay: change it there")


def items(tuning: Tuning) -> Iterator[dict[str, Any]]:
    """One an entry of `allow`; every field of it has to hold."""
    for rule, said in sorted(tuning.rules.items()):
        for entry in said.allow:
            yield {
                "comments": [],
                "description": "From the overlay: change it there",
                "entries": [_entry(column, value) for column, value in entry],
                "item_id": naming.fixed("allow", rule, *(part for pair in entry for part in pair)),
                "list_id": naming.own_list(rule),
                "name": f"Allowed {rule}",
                "namespace_type": "single",
                "os_types": [],
                "tags": [naming.TAG],
                "type": "simple",
            }


def _entry(column: str, value: str) -> dict[str, str]:
    return {"field": paths.of(column), "operator": "included", "type": "match", "value": value}


def _list(list_id: str, name: str, description: str) -> dict[str, Any]:
    return {
        "description": description,
        "list_id": list_id,
        "name": name,
        "namespace_type": "single",
        "os_types": [],
        "tags": [naming.TAG],
        "type": "detection",
        "version": 1,
    }
