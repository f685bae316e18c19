"""What a rehearsal spares: servers that are not named for one, and what is everybody's."""

import json
import shlex
from dataclasses import replace

from mcpsoar.app.carrier import open_runs
from mcpsoar.app.order import Order, Rehearsed
from mcpsoar.app.station import Station
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Playbook, StepSpec
from mcpsoar.core.profile import BY_API, Profile
from mcpsoar.kit import targets

_TOKENS = "tokens"


def check(server: str, profile: Profile) -> None:
    """Raises Usage for a server that its profile does not name as one that nobody needs: by its very name."""
    if {server, targets.server(server)} & {*profile.rehearsal}:
        return
    where = "a profile: --api alone names none" if profile.name == BY_API else f"[profiles.{profile.name}]"
    raise Usage(
        f"{server} is not named for rehearsals, so nothing was sent. If nobody needs it, add to {where}: "
        f"rehearsal = {json.dumps([*profile.rehearsal, server])}",
        where=profile.where,
        next_command=f"mcpsoar contain {shlex.quote(server)} --rehearse",
    )


def spared(
    order: Order, playbook: Playbook, names: tuple[str, ...], ready: Station
) -> tuple[Order, Playbook]:
    """The order that tells what is left out, and the playbook without it; said before anything is sent.

    Raises Usage where a run still contains the server, which a rehearsal would release, and where nothing of
    the playbook is left.
    """
    asked = order.rehearsal or Rehearsed("")
    servers = " ".join(names)
    if held := open_runs(ready.home, names):
        raise Usage(
            f"{servers} is still contained by run {held[0][0].run}, which a rehearsal would release too",
            next_command=f"mcpsoar release {servers} --yes",
        )
    left_out = {} if asked.with_shared else _left_out(playbook, ready)
    kept = tuple(spec for spec in playbook.steps if spec.id not in left_out)
    if not kept:
        raise Usage(
            f"each step of playbook {playbook.name} touches others than {servers}: nothing is left",
            next_command=f"{order.command} --with-shared",
        )
    release = ready.complete(f"mcpsoar release {servers} --yes")
    ready.say(f"rehearsal: {servers} is contained in earnest, then released; if this breaks off: {release}")
    if any(spec.role == _TOKENS for spec in kept):
        ready.say(f"rehearsal: tokens of {servers} are revoked for good: its clients fetch new ones")
    for step, why in left_out.items():
        ready.say(f"rehearsal: {step} is not rehearsed: {why} (--with-shared rehearses it too)")
    marked = replace(order, rehearsal=replace(asked, left_out=left_out))
    return marked, replace(playbook, steps=kept)


def _left_out(playbook: Playbook, ready: Station) -> dict[str, str]:
    """Why, by step; one that is only for how such a step ends goes with it."""
    found = {spec.id: why for spec in playbook.steps if (why := _whose(spec, ready)) is not None}
    while more := [spec for spec in playbook.steps if spec.when in found and spec.id not in found]:
        found |= {spec.id: f"it is for how {spec.when} ends" for spec in more}
    return found


def _whose(spec: StepSpec, ready: Station) -> str | None:
    if spec.shared:
        return "it is everybody's"
    spills: dict[str, str] = getattr(ready.roles.get(spec.role), "spills", {})
    return spills.get(spec.action)
