"""What an attack here is: its story, the risk it belongs to, who must see it, and how it is played."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import corpora.attacks
from corpora.ground import Ground
from corpora.real import Real
from mcpsoar.core.errors import Usage
from mcpsoar.lab.served import Hosted


@dataclass(frozen=True, slots=True)
class Attack:
    """`expect` are ids of rules and detections that must fire on it; `play` returns when all is answered.

    `servers` are real ones that it needs, registered; `shadows` are reachable without being registered.
    `label` is `replayed` for what was sent through the gateway, `synthetic` for what only has the shape.
    """

    story: str
    risk: str
    expect: tuple[str, ...]
    play: Callable[[Ground], None]
    servers: tuple[Real | Hosted, ...] = ()
    shadows: tuple[Real | Hosted, ...] = ()
    label: str = "replayed"


def attacks() -> dict[str, Attack]:
    """All attacks by name, sorted. Raises Usage for a module without one."""
    found: dict[str, Attack] = {}
    for module in sorted(one.name for one in pkgutil.iter_modules(corpora.attacks.__path__)):
        attack = getattr(importlib.import_module(f"corpora.attacks.{module}"), "ATTACK", None)
        if not isinstance(attack, Attack):
            raise Usage(f"corpora/attacks/{module}.py: it holds no ATTACK")
        found[module.replace("_", "-")] = attack
    return found
