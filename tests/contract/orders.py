"""Orders on the stand-in of ContextForge."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mcpsoar.app import contain
from mcpsoar.app.order import DEFAULT_PLAYBOOK, Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import ROLES, Binding, Profile
from mcpsoar.core.run import Report
from mcpsoar.core.secret import Secret
from mcpsoar.kit.clock import SystemClock
from tests.conftest import ROOT
from tests.contract.forge import EMAIL, PASSWORD, Forge


def profile_of(plane: Forge, look_s: float = 30.0, workers_s: float = 0.0) -> Profile:
    options: dict[str, Any] = {"login": EMAIL, "workers_s": workers_s, "settle_s": 0.5}
    binding = Binding("contextforge", plane.url, Secret(PASSWORD), options)
    return Profile("forge", dict.fromkeys(ROLES, binding), None, "a test", look_s=look_s)


def ordered(
    plane: Forge,
    home: Path,
    name: str,
    direction: Direction = Direction.APPLY,
    *,
    playbook: str = DEFAULT_PLAYBOOK,
    pack: Path = ROOT,
    look_s: float = 30.0,
    say: Callable[[str], None] = lambda _: None,
    changed_too: bool = False,
    assume_on: bool = False,
    workers_s: float = 0.0,
) -> Report:
    """One containment of one server, or its release."""
    return contain.execute(
        Order((name,), direction, playbook=playbook, changed_too=changed_too, assume_on=assume_on),
        profile=profile_of(plane, look_s, workers_s),
        home=home,
        pack=pack,
        clock=SystemClock(),
        say=say,
    )
