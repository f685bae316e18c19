"""Clients of a token service, each as its administration has it: what that comes to."""

import hashlib
from collections.abc import Collection, Mapping
from itertools import islice
from typing import TypeAlias

from mcpsoar.connectors.in_oauth.described import ACTION
from mcpsoar.core.digest import Facts
from mcpsoar.core.plan import Step, Undo
from mcpsoar.core.run import Baseline
from mcpsoar.kit.plain import shown
from mcpsoar.kit.targets import PRINCIPAL

_TOLD, _LONG = 8, 60
States: TypeAlias = Mapping[str, Baseline | None]  # by client; None for one that is not known there


def on_in(states: States) -> list[str]:
    """Those that get tokens."""
    return [client for client, state in states.items() if state is not None and not state.in_force]


def unknown_in(states: States) -> list[str]:
    """Those that the administration does not know: they may get tokens under another name."""
    return [client for client, state in states.items() if state is None]


def is_met(states: States) -> bool:
    return all(state is not None and state.in_force for state in states.values())


def facts_of(states: States) -> Facts:
    """`open` are those that were on, `before` how each of them was."""
    known = {client: state for client, state in states.items() if state is not None and not state.in_force}
    return {
        "clients": list(states),
        "open": list(known),
        "before": {client: state.facts for client, state in known.items()},
    }


def one_of(client: str) -> Step:
    """The step of one client, as the description has it."""
    return Step(client, client, ACTION, "tokens", f"{PRINCIPAL}{client}", Undo.EXACT, ())


def key_of(key: str, client: str) -> str:
    """An Idempotency-Key of its own: under one for all, the second client would be a replay of the first."""
    return hashlib.sha256(f"{key} {client}".encode()).hexdigest()


def told(clients: Collection[str]) -> str:
    """`agent-a, agent-b and 3 more`, each of them cut: a client's name may be a stranger's to write."""
    names = [shown(client[:_LONG]) + "…" * (len(client) > _LONG) for client in islice(clients, _TOLD)]
    more = len(clients) - len(names)
    last = f"{more} more" if more else names.pop() if len(names) > 1 else ""
    return ", ".join(names) + (f" and {last}" if last else "")
