"""What the doctor says of rehearsals: when the last one was, how long it took, what came of it."""

import json
import shlex
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mcpsoar.app.checkup import Check, State
from mcpsoar.app.rehearsals import Past, past
from mcpsoar.core.digest import Facts
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import BY_API, ROLES, Profile
from mcpsoar.core.verdict import RunVerdict, Verdict

OLD_DAYS = 30
_ABOUT = "rehearsal"


def last_rehearsal(profile: Profile, home: Path, clock: Clock, complete: Callable[[str], str] = str) -> Check:
    """Of this profile. One that is old, was on another control plane or never was is a limit; one that
    failed, or whose server is still contained, is broken.
    """
    found = next((one for one in past(home) if one.profile == profile.name), None)
    if found is None:
        return Check(_ABOUT, State.LIMIT, f"there was none on this profile: {_how(profile, complete)}")
    days = (clock.now() - datetime.fromisoformat(found.contain.started_at)).days
    words = f"{_when(days)} ({found.contain.started_at}) on {found.server}, {_ended(found)}"
    if found.timings.words:
        words += f"; after the command: {found.timings.words}"
    if missing := [*found.mark["left_out"], *found.untried]:
        words += f"; not rehearsed: {', '.join(missing)}"
    state, more = _judged(found, profile, days, complete)
    return Check(_ABOUT, state, f"{words}{more}")


def _judged(found: Past, profile: Profile, days: int, complete: Callable[[str], str]) -> tuple[State, str]:
    again = f"mcpsoar contain {shlex.quote(found.server)} --rehearse"
    if found.is_live:
        return State.LIMIT, "; it is still at work"
    if not found.is_back:
        back = complete(f"mcpsoar release {shlex.quote(found.server)} --yes")
        return State.BROKEN, f"; it is still contained: {back}"
    if found.verdict is Verdict.NO:
        return State.BROKEN, f"; look at it: {complete(f'mcpsoar runs show {found.contain.run}')}"
    if _places(found.contain.bindings) != {role: one.base_url for role, one in profile.roles.items()}:
        return State.LIMIT, f"; that was another control plane: {complete(again)}"
    if days >= OLD_DAYS:
        return State.LIMIT, f"; that is {OLD_DAYS} days or more: {complete(again)}"
    return (State.OK if found.verdict is Verdict.YES else State.LIMIT), ""


def _how(profile: Profile, complete: Callable[[str], str]) -> str:
    if profile.rehearsal:
        return complete(f"mcpsoar contain {shlex.quote(profile.rehearsal[0])} --rehearse")
    if profile.name == BY_API:
        return "it wants a profile that names a server which nobody needs"
    line = f"rehearsal = {json.dumps(['SERVER'])}"
    return f"name a server that nobody needs, {line}, then mcpsoar contain SERVER --rehearse"


def _when(days: int) -> str:
    return "today" if days <= 0 else "a day ago" if days == 1 else f"{days} days ago"


def _ended(found: Past) -> str:
    ended = [found.contain.verdict, *([found.release.verdict] if found.release else [])]
    words = " and ".join((verdict or RunVerdict.INTERRUPTED).value for verdict in ended)
    return f"{words.replace('_', ' ')} by {found.contain.playbook}"


def _places(bindings: Facts) -> dict[str, str]:
    return {role: bindings[role]["url"] for role in ROLES if role in bindings}
