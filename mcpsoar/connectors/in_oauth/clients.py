"""Clients of a token service, each as its administration has it: what that comes to."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from mcpsoar.connectors.in_oauth.described import ACTION
from mcpsoar.core.digest import Facts
from mcpsoar.core.plan import Step, Undo
from mcpsoar.core.run import Baseline
from mcpsoar.kit.plain import shown
from mcpsoar.kit.targets import PRINCIPAL

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


def told(clients: Sequence[str]) -> str:
    return ", ".join(map(shown, clients))
