"""The report of a run for a tired reader: verdict first, then what is known, what is open, what to type."""

from collections.abc import Callable, Iterator

from mcpsoar.app.touching import touching
from mcpsoar.cli.show import clean
from mcpsoar.core.run import Exposure, Report, StepReport
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict
from mcpsoar.kit.plain import quoted
from mcpsoar.kit.stops import BY_HAND
from mcpsoar.kit.targets import PRINCIPAL, kind

_SHOWN = 5
_WORDS = {
    RunVerdict.CONTAINED: "CONTAINED",
    RunVerdict.NOT_CONTAINED: "NOT CONTAINED",
    RunVerdict.RELEASED: "RELEASED",
    RunVerdict.NOT_RELEASED: "NOT RELEASED",
    RunVerdict.UNVERIFIED: "CANNOT TELL",
    RunVerdict.PLANNED: "PLANNED, nothing was sent",
    RunVerdict.RUNNING: "STILL RUNNING",
    RunVerdict.INTERRUPTED: "INTERRUPTED",
}
_LEFT = {
    # action: (what is still so, of what; "" for the server)
    "registry.disable": ("disabled", ""),
    "policy.force_write_approval": ("forced", "approval of writes"),
}


def lines(report: Report, complete: Callable[[str], str] = str) -> Iterator[str]:
    """Plain lines, cleaned; `complete` makes of a command what finds the same home and control plane."""
    is_frozen = report.verdict is RunVerdict.CONTAINED and all(step.server is None for step in report.steps)
    word = "WRITES ARE HELD, for" if is_frozen else _WORDS[report.verdict]
    yield f"{word}: {clean(', '.join(report.servers))}"
    yield from _still(report)
    yield from _since(report)
    yield f"  run      {report.run}, playbook {clean(report.playbook)}{_rehearsed(report)}"
    for name in ("started_at", "finished_at", "by", "ticket", "reason"):
        if report.extra.get(name):
            yield f"  {name.removesuffix('_at'):<8} {clean(str(report.extra[name]))}"
    for name, entry in report.extra.get("entries", {}).items():
        yield f"  entry    {clean(name)} is {clean(entry)}"
    for step in report.steps:
        yield from _step(step)
    yield from _exposure(report)
    yield from _next(report, complete)


def _rehearsed(report: Report) -> str:
    mark = report.extra.get("rehearsal")
    left = ", ".join(mark["left_out"]) if mark else ""
    return (", a rehearsal" + (f" without {clean(left)}" if left else "")) if mark else ""


def _still(report: Report) -> Iterator[str]:
    """What a release left in force; servers for one reason stand in one line."""
    alike: dict[str, list[str]] = {}
    for left in report.extra.get("still_in_force", ()):
        word, what = _LEFT.get(left["action"], ("in force", left["step"]))
        alike.setdefault(f"still {word}, {left['why']}", []).append(what or left["server"])
    for words, names in alike.items():
        yield f"  {clean(words, limit=400)}: {clean(', '.join(names), limit=400)}"


def _since(report: Report) -> Iterator[str]:
    """Who released it later."""
    for release in report.extra.get("released_by", ()):
        is_all = set(release["servers"]) >= set(report.servers)
        names = "" if is_all else f": {clean(', '.join(release['servers']), limit=400)}"
        yield f"  released since by run {clean(release['run'])} at {clean(release['at'])}{names}"


def _step(step: StepReport) -> Iterator[str]:
    tries = f" ({step.attempts} calls)" if step.attempts > 1 else ""
    yield f"  {step.verdict.value:<18} {clean(step.id)}: {clean(step.detail, limit=400)}{tries}"
    if unknown := step.evidence.get("before_unknown"):
        yield f"{'':<20} its state before is not known: {clean(str(unknown), limit=200)}"
    if said := touching(step, _name):
        yield f"{'':<20} {said}"


def _name(text: str) -> str:
    """Cleaned, and one name: what a stranger chose is not two."""
    return quoted(clean(text, limit=80), ",;")


def _exposure(report: Report) -> Iterator[str]:
    if report.verdict is RunVerdict.PLANNED or report.extra.get("direction") == "undo":
        return
    if not report.remaining_exposure:
        yield "  still exposed: nothing that these systems know of; calls already under way may still end"
        return
    yield "  still exposed:"
    for exposure in report.remaining_exposure:
        yield f"    {exposed(exposure)}"


def exposed(exposure: Exposure) -> str:
    """One line, cleaned."""
    return clean(exposure.what) + (f", until {exposure.until}" if exposure.until else ", with no known end")


def _next(report: Report, complete: Callable[[str], str]) -> Iterator[str]:
    servers = " ".join(report.servers)
    if report.verdict is RunVerdict.PLANNED:
        if failing := [step.id for step in report.steps if step.verdict is StepVerdict.FAILED]:
            more = f" and {len(failing) - _SHOWN} more" if len(failing) > _SHOWN else ""
            yield f"  next     mend first what would fail: {clean(', '.join(failing[:_SHOWN]))}{more}"
            return
        verb = "release --yes" if report.extra.get("direction") == "undo" else "contain"
        yield f"  next     {_command(complete(f'mcpsoar {verb} {servers}'))}"
        return
    is_apply = report.extra.get("direction") == "apply"
    released = {name for release in report.extra.get("released_by", ()) for name in release["servers"]}
    held = [name for name in report.servers if name not in released]
    missing = tuple(name for name in _missing(report) if is_apply and name in held)
    is_open = report.verdict.verdict is not Verdict.YES and report.verdict is not RunVerdict.RUNNING
    if is_open and not released:
        if _is_worth_resuming(report, missing):
            yield f"  next     {_command(complete(f'mcpsoar runs resume {report.run}'))}"
        elif words := _by_hand(report):
            yield from (
                f"  {'' if at else 'next':<8} {clean(one, limit=400)}" for at, one in enumerate(words)
            )
        elif not missing:
            are_people = all(kind(name) == PRINCIPAL for name in report.servers)
            stop, name = "stop new tokens where they are issued, and", "name a canary in the profile, or"
            yield f"  next     {stop if are_people else name} try a call by hand: is it refused?"
    if missing:
        yield f"  next     check the name: there is no {clean(', '.join(missing))} on this control plane"
        if set(missing) < set(report.servers):
            alone = complete(f"mcpsoar release {' '.join(missing)} --yes")
            yield f"           to let go of it alone: {_command(alone)}"
    has_acted = any(step.evidence.get("may_have_acted") for step in report.steps)
    if has_acted and is_apply and held and report.verdict is not RunVerdict.RUNNING:
        undo = f"mcpsoar release {' '.join(held)} --yes"
        yield f"  to undo  {_command(complete(undo))}"
    prove = f"mcpsoar runs verify {report.run} --head {report.journal_head}"
    yield f"  to prove {_command(complete(prove))}"
    yield from _noted(report, complete)


def _noted(report: Report, complete: Callable[[str], str]) -> Iterator[str]:
    """One line for the ticket or the chat: whoever has it can prove later that nothing was changed."""
    signature = report.extra.get("signature", {"state": "unsigned"})
    if "why" in signature:
        yield f"  {signature['state']:<8} {clean(signature['why'], limit=400)}"
        yield f"  to sign  {_command(complete(f'mcpsoar runs sign {report.run}'))}"
    head = f"verdict {report.verdict.value} head {report.journal_head}"
    yield f"  to note  run {report.run} {head} {signature['state']}"


def _command(text: str) -> str:
    """Cleaned and whole: what is cut cannot be pasted."""
    return clean(text, limit=len(text))


def _missing(report: Report) -> tuple[str, ...]:
    """Servers that the control plane does not know: most likely a name that was mistyped."""
    found = (step.server for step in report.steps if step.evidence.get("unknown_server"))
    return tuple(dict.fromkeys(server for server in found if server is not None))


def _is_worth_resuming(report: Report, missing: tuple[str, ...]) -> bool:
    """Whether anything is left that another look or call could settle."""
    return report.verdict is RunVerdict.INTERRUPTED or any(
        _is_open(step) and step.server not in missing and _left_to_a_person(step) is None
        for step in report.steps
    )


def _by_hand(report: Report) -> list[str]:
    """What a person is to do, for each step that no repeat can settle."""
    found = (_left_to_a_person(step) for step in report.steps if _is_open(step))
    return list(dict.fromkeys(words for words in found if words is not None))


def _left_to_a_person(step: StepReport) -> str | None:
    words = step.evidence.get("seen", {}).get("facts", {}).get(BY_HAND)
    return words if isinstance(words, str) else None


def _is_open(step: StepReport) -> bool:
    return step.verdict not in (StepVerdict.VERIFIED, StepVerdict.ALREADY, StepVerdict.SKIPPED)
