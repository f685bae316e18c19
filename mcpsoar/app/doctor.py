"""The doctor: what is configured, reachable and verifiable, and what is missing, before the incident.

Nothing is sent that changes anything: control planes are read, the canary's control is called, which is a
harmless call, and one small file is written at home and taken away again.
"""

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from mcpsoar.app.budgets import budgeted
from mcpsoar.app.checkup import Check, State
from mcpsoar.app.examining import Ability, Asked, abilities, examined, protected
from mcpsoar.app.lab import INSTALL
from mcpsoar.app.order import DEFAULT_PLAYBOOK
from mcpsoar.app.rehearsal_check import last_rehearsal
from mcpsoar.app.settings import Settings
from mcpsoar.audit.sign import sign
from mcpsoar.contain.canary import McpCanary
from mcpsoar.contain.commons import unreleased
from mcpsoar.contain.home import Home
from mcpsoar.core.errors import BadContent, Trouble, Usage
from mcpsoar.core.plan import Playbook
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import CanaryBinding, Network, Profile
from mcpsoar.core.run import Passage
from mcpsoar.kit import jsonl, meeting
from mcpsoar.pack import playbooks

_ROOM_BYTES = 100 << 20
_HOST_S = 10.0
_AGENT_S = 3.0
_SKEW_S = 60.0
_RENEW_DAYS = 30
_PASSAGE = {Passage.EXECUTED: State.OK, Passage.DENIED: State.BROKEN, Passage.UNCLEAR: State.UNKNOWN}


def doctor(
    found: Settings,
    *,
    home: Path,
    pack: Path,
    clock: Clock,
    say: Callable[[str], None],
    server: str | None = None,
    complete: Callable[[str], str] = str,
) -> Iterator[Check]:
    """Every check, as it is made. `server` is a real one to try, `complete` makes commands whole.

    Raises Usage for settings without use.
    """
    profile = budgeted(found.profile, clock=clock, tell=say)
    for words in found.warnings:
        is_clear = "in the clear" in words
        yield Check("settings", State.LIMIT if is_clear else State.BROKEN, words.removeprefix("warning: "))
    yield from _home(home)
    yield from _extras()
    known = abilities(profile, clock)
    books, complaints = _read(pack)
    yield from complaints
    yield from _playbook(books.get(DEFAULT_PLAYBOOK), profile, known)
    yield from _hosts(profile, clock)
    shared = {spec.action for book in books.values() for spec in book.steps if spec.shared}
    asked = Asked(profile, server, shared, clock)
    yield from examined(asked)
    yield from protected(asked)
    lacks = {words: role for role, ability in known.items() for words in ability.lacks}
    yield from (Check(profile.roles[role].connector, State.LIMIT, words) for words, role in lacks.items())
    yield from _canary(profile, known, server, clock)
    yield _signing(profile, clock)
    try:
        yield last_rehearsal(profile, home, clock, complete)
    except OSError as error:
        yield Check("rehearsal", State.UNKNOWN, f"{error.filename}: cannot be read: {error.strerror}")


def _home(home: Path) -> Iterator[Check]:
    path = home / f".doctor-{secrets.token_hex(4)}"
    try:
        jsonl.folder(home)
        file = jsonl.Appender(path)
        try:
            file.append(b"{}")
        finally:
            file.close()
            path.unlink(missing_ok=True)
        unreleased(Home(home))
    except Trouble as trouble:
        yield Check("home", State.BROKEN, str(trouble))
        return
    except OSError as error:  # a run of somebody else: no run begins here
        yield Check("home", State.BROKEN, f"{error.filename}: cannot be read: {error.strerror}")
        return
    free = shutil.disk_usage(home).free
    state = State.OK if free >= _ROOM_BYTES else State.BROKEN
    yield Check("home", state, f"{home}: a line is written and on disk, {free >> 20} MiB are free")


def _extras() -> Iterator[Check]:
    if find_spec("mcp") is None:
        yield Check("extras", State.LIMIT, f"drill and lab are not installed: {INSTALL}")
    else:
        yield Check("extras", State.OK, "lab is installed: mcpsoar drill practises on this machine alone")


def _read(pack: Path) -> tuple[Mapping[str, Playbook], list[Check]]:
    books, complaints = {}, []
    for path in playbooks.paths(pack):
        try:
            books[path.stem] = playbooks.read(path)
        except BadContent as trouble:
            complaints.append(Check("playbooks", State.BROKEN, str(trouble)))
    return books, complaints


def _playbook(book: Playbook | None, profile: Profile, known: Mapping[str, Ability]) -> Iterator[Check]:
    if book is None:
        yield Check("playbooks", State.BROKEN, f"there is no {DEFAULT_PLAYBOOK} that can be used")
        return
    lost, optional = [], []
    for spec in book.steps:
        ability = known.get(spec.role, Ability(problem=f"nothing is bound to {spec.role}"))
        if spec.optional and spec.action not in ability.actions:
            words = f"{book.name}, {spec.id}: nothing here can {spec.aim}"
            optional.append(Check("playbooks", State.LIMIT, f"{words}: {spec.why}"))
        elif ability.problem or spec.action not in ability.actions:
            binding = profile.roles.get(spec.role)
            why = ability.problem or f"connector {binding.connector if binding else ''} cannot do it"
            lost.append(Check("playbooks", State.BROKEN, f"{book.name}, {spec.id} ({spec.action}): {why}"))
    yield from lost
    yield from optional
    if not lost:
        words = f"{book.name}: each of its {len(book.steps) - len(optional)} steps has a connector"
        yield Check("playbooks", State.OK, words)


def _hosts(profile: Profile, clock: Clock) -> Iterator[Check]:
    places: dict[str, tuple[str, Network]] = {}
    bound = [(one.base_url, one.network) for one in profile.roles.values()]
    bound += [(one.url, one.network) for one in profile.canaries.values()]
    for url, network in bound:
        places.setdefault("/".join(url.split("/")[:3]), (url, network))
    for origin, (url, network) in places.items():
        try:
            met = meeting.meet(url, network, clock=clock, timeout_s=_HOST_S)
        except Usage as trouble:
            yield Check("hosts", State.BROKEN, f"{origin}: {trouble}")
        except Trouble as trouble:
            yield Check("hosts", State.UNKNOWN, f"{origin}: {trouble}")
        else:
            yield _met(origin, met, clock)


def _met(origin: str, met: meeting.Meeting, clock: Clock) -> Check:
    state, words = State.OK, "answers, and does not tell its time"
    if met.ahead_s is not None:
        side = "ahead of" if met.ahead_s > 0 else "behind"
        is_near = abs(met.ahead_s) <= _SKEW_S
        words = "answers" if is_near else f"its clock is {abs(met.ahead_s):.0f} s {side} this machine's"
        state = State.OK if is_near else State.BROKEN
    if met.good_until is not None:
        days = (met.good_until - clock.now()).days
        words += f"; its certificate is good for {days} days"
        state = State.LIMIT if days < _RENEW_DAYS and state is State.OK else state
    return Check("hosts", state, f"{origin}: {words}")


def _canary(
    profile: Profile, known: Mapping[str, Ability], server: str | None, clock: Clock
) -> Iterator[Check]:
    if profile.canary is None:
        yield Check("canary", State.LIMIT, "none is named: no run says contained while a JWT lives")
        return
    longest_s = max((ability.propagation_s for ability in known.values()), default=0.0)
    for route, binding in profile.canaries.items():
        if binding.hold_s < longest_s:
            yield Check(
                route,
                State.LIMIT,
                f"hold_s {binding.hold_s:g} is shorter than other workers remember: {longest_s:g} s are held",
            )
        if binding.control is None:
            yield Check(route, State.LIMIT, "no control server: that others still answer is not shown")
        yield from _called(route, binding, server, clock)


def _called(route: str, binding: CanaryBinding, server: str | None, clock: Clock) -> Iterator[Check]:
    tried = [binding.control.server] if binding.control else []
    tried += [server] if server else []
    if not server:
        yield Check(route, State.LIMIT, "not called on a server: doctor --server SERVER does")
    try:
        canary = McpCanary(binding, clock=clock)
    except Usage as trouble:
        yield Check(route, State.BROKEN, str(trouble))
        return
    try:
        for name in tried:
            sight = canary.probe(name)
            yield Check(route, _PASSAGE[sight.passage], f"{name}: {sight.passage.value}: {sight.detail}")
    finally:
        canary.close()


def _signing(profile: Profile, clock: Clock) -> Check:
    if profile.audit is None:
        return Check("audit", State.LIMIT, "no key is named: runs are unsigned")
    try:
        signature = sign(b"mcpsoar doctor\n", profile.audit, clock=clock, wait_s=_AGENT_S)
    except Trouble as trouble:
        return Check("audit", State.BROKEN, str(trouble))
    return Check("audit", State.OK, f"{profile.audit.identity} signs by {signature.key.fingerprint}")
