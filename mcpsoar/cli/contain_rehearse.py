"""`mcpsoar contain SERVER --rehearse`: options and words; the work is in `app.rehearsing`."""

import os
import shlex
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mcpsoar.cli import show, stdout
from mcpsoar.cli.answer import talker, tell_held, who
from mcpsoar.cli.at_home import ELSEWHERE, at_home
from mcpsoar.cli.interrupted import NOTHING, interruptible
from mcpsoar.cli.options import Common
from mcpsoar.core.errors import Held, Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import StepVerdict, Verdict

if TYPE_CHECKING:
    from mcpsoar.app.rehearsing import Rehearsal

_HEADS = {Verdict.YES: "REHEARSED", Verdict.NO: "REHEARSAL FAILED", Verdict.CANNOT_TELL: "CANNOT TELL"}
_NOT_WITH = {
    "source": "--from",
    "dry_run": "--dry-run",
    "protected_too": "--protected-too",
    "without": "--without",
    "at_most": "--max-servers",
}
_LONG = 400
_MORE = f"{'':<11}"


def rehearse(given: Common, servers: tuple[str, ...], asked: dict[str, Any]) -> Verdict:
    """Raises Usage for options that do not go together, and Interrupted."""
    begun: list[str] = []

    def last_words() -> tuple[str, str | None]:
        server = shlex.join(servers)
        match begun:
            case []:
                return NOTHING
            case [_]:
                words = f"{server} stays contained, as far as that came, until it is released"
                return words, given.told.complete(f"mcpsoar release {server} --yes")
        words = f"what was sent stays in force: {server} may still be contained"
        return words, given.told.complete(f"mcpsoar runs resume {begun[-1]}")

    with interruptible(last_words):
        return _rehearse(given, servers, asked, begun, lambda: last_words()[1])


def _rehearse(
    given: Common,
    servers: tuple[str, ...],
    asked: dict[str, Any],
    begun: list[str],
    left: Callable[[], str | None],
) -> Verdict:
    from mcpsoar.app import settings
    from mcpsoar.app.order import DEFAULT_PLAYBOOK, Order, Rehearsed
    from mcpsoar.app.rehearsing import document
    from mcpsoar.app.rehearsing import rehearse as carry_out
    from mcpsoar.app.victims import Chosen, allow
    from mcpsoar.contain import plan
    from mcpsoar.kit.clock import SystemClock, stamp
    from mcpsoar.pack.locate import locate

    clock = SystemClock()
    mark = Rehearsed(stamp(clock.now()), asked["with_shared"])
    if odd := [option for name, option in _NOT_WITH.items() if asked[name]]:
        raise Usage(f"--rehearse does not go with {', '.join(odd)}", next_command="mcpsoar contain --help")
    names = plan.servers(servers)
    if len(names) > 1:
        raise Usage(
            "a rehearsal is on one server",
            next_command=f"mcpsoar contain {shlex.quote(names[0])} --rehearse",
        )
    again = _again(names[0], asked)
    said = settings.Asked(given.config, asked["profile"], asked["api"])
    found = settings.load(said, os.environ, command=again)
    for warning in found.warnings:
        show.talk(warning)
    home = settings.home(asked["home"], os.environ, again)
    chosen = Chosen(names, names, rehearsed=True)
    allow(chosen, found.profile, protected_too=False, command=again)
    order = Order(
        servers=names,
        direction=Direction.APPLY,
        playbook=asked["playbook"] or DEFAULT_PLAYBOOK,
        reason=asked["reason"],
        ticket=asked["ticket"],
        by=who(),
        chosen=chosen,
        command=again,
        rehearsal=mark,
        begun=begun.append,
    )
    try:
        with at_home(home, lambda: left() or again + ELSEWHERE):
            made = carry_out(
                order,
                profile=found.profile,
                home=home,
                pack=locate(given.pack, os.environ),
                clock=clock,
                say=talker(given),
                complete=given.told.complete,
            )
    except Held as held:
        tell_held(held, given)
        raise
    if given.is_json:
        show.document(document(made))
    else:
        for text in lines(made, given.told.at(made.contain.extra).complete):
            show.line(text)
    if (why := stdout.why_lost()) is not None:
        show.talk(
            f"the rehearsal ended as {made.word}; its report was not read to the end ({why}): "
            f"mcpsoar runs show {made.contain.run}"
        )
    return made.verdict


def lines(made: "Rehearsal", complete: Callable[[str], str] = str) -> Iterator[str]:
    """Both reports; last what was proven, what to type where anything is left, and how long each part took.
    Cleaned.
    """
    is_unknown = any(step.evidence.get("unknown_server") for step in made.contain.steps)
    # of a server that is not there nothing came back
    reports = [made.contain] if made.release is None or is_unknown else [made.contain, made.release]
    left: list[str] = []
    for report in reports:
        texts, left = _parted(report, complete)
        yield from texts
    by = f"{made.server}, by {made.contain.playbook} on profile {made.contain.extra['profile']}"
    yield f"{_HEADS[made.verdict]}: {show.clean(by)}"
    for report in reports:
        yield from _proven(report)
    for step, why in made.left_out.items():
        words = show.clean(why, limit=_LONG)
        yield f"  not rehearsed: {show.clean(step)}: {words}; --with-shared rehearses it too"
    if made.past.untried and not is_unknown:
        yield f"  not tried: it was so before: {show.clean(', '.join(made.past.untried))}"
    if is_unknown:
        yield f"  next     check the name: there is no {show.clean(made.server)} on this control plane"
    elif made.release is None or made.release.verdict.verdict is not Verdict.YES:
        why = f": {show.clean(str(made.problem), limit=_LONG)}" if made.problem else ""
        yield f"  not known to be back{why}"
        yield from left if made.release is not None else [_back(made, complete)]
    yield f"  times after the command: {made.past.timings.words or 'nothing was sent'}"


def _parted(report: Report, complete: Callable[[str], str]) -> tuple[list[str], list[str]]:
    """A report without what it would have typed next, which is one thing for both, and that."""
    from mcpsoar.cli.report_text import lines as reported

    kept: list[str] = []
    left: list[str] = []
    goes_on = False
    for text in reported(report, complete):
        goes_on = text.startswith("  next ") or (goes_on and text.startswith(_MORE))
        if goes_on:
            left.append(text)
        elif not text.startswith("  to undo "):
            kept.append(text)
    return kept, left


def _back(made: "Rehearsal", complete: Callable[[str], str]) -> str:
    back = complete((made.problem and made.problem.next_command) or f"mcpsoar release {made.server} --yes")
    return f"  next     {show.clean(back, limit=len(back))}"


def _proven(report: Report) -> Iterator[str]:
    """What became of it, and by what that is known."""
    word = report.verdict.value.replace("_", " ")
    open_ = [one for one in report.steps if one.verdict.verdict not in (Verdict.YES, None)]
    probes = [one for one in report.steps if one.action == "canary.probe"]
    seen = open_ or [one for one in probes if one.verdict is not StepVerdict.SKIPPED]
    for step in seen:
        yield f"  {word}: {show.clean(step.id)}: {show.clean(step.detail, limit=_LONG)}"
    if not seen and report.verdict.verdict is Verdict.YES:
        yield f"  {word}: read back from the plane; no canary was seen to try it"
    elif not seen:
        left = ", ".join(one.what for one in report.remaining_exposure)
        yield f"  {word}: still exposed: {show.clean(left, limit=_LONG)}"


def _again(server: str, asked: dict[str, Any]) -> str:
    words = ["mcpsoar", "contain", server, "--rehearse"]
    for name in ("reason", "ticket"):
        words += [f"--{name}", asked[name]] if asked[name] else []
    words += ["--with-shared"] if asked["with_shared"] else []
    return shlex.join(words)
