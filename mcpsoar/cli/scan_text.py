"""A scan for a tired reader: what was found, worst first, on which evidence; and what could not be asked."""

import shlex
from typing import TYPE_CHECKING

from mcpsoar.cli import look_text, show
from mcpsoar.kit.clock import stamp_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpsoar.app.scanning import Claim, Scanned
    from mcpsoar.core.finding import Hit

_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow"}
_SHOWN = 3
_SERVERS = 5
_LONGEST = 80


def tell(scanned: "Scanned", complete: "Callable[[str], str]", *, is_kept: bool, no_color: bool) -> None:
    """Print rejects and doubts as talk, the findings as the answer. `complete` makes a command whole."""
    look_text.doubts(scanned.look, is_kept=is_kept)
    intake = scanned.look.intake
    if intake.first_ms is not None and intake.last_ms is not None:
        span = f" from {stamp_ms(intake.first_ms)} to {stamp_ms(intake.last_ms)}"
        show.line(f"{intake.events} events, {intake.rejected} rejected, {intake.repeats} repeats{span}")
        show.line(f"{scanned.asked} rules asked, {len(scanned.found)} found something")
    unknown(scanned)
    if scanned.unasked:
        _unasked(scanned, complete)
    if scanned.found:
        show.line()
        show.table(
            ("LEVEL", "COUNT", "RULE", "RISK", "FIRST", "LAST"),
            [_row(one) for one in scanned.found],
            no_color=no_color,
            styles=[_STYLES.get(one.finding.level) for one in scanned.found],
        )
    for one in scanned.found:
        _explain(one, complete)


def unknown(scanned: "Scanned", say: "Callable[[str], None]" = show.line) -> None:
    """Say why what the logs show is no whole answer, but for a log that broke off: that is said before."""
    intake = scanned.look.intake
    if not intake.events:
        say("CANNOT TELL: the logs hold no event")
    for one in scanned.failed:
        say(show.clean(f"CANNOT TELL: {one.finding.rule} could not be asked: {one.finding.failed}"))
    if intake.conflict_count:
        told = f"{intake.conflict_count} ids stand for events of other content or times; the first counted"
        say(f"CANNOT TELL: {told}: {', '.join(map(_short, intake.conflicts))}")


def undecided(
    scanned: "Scanned",
    fail_on: str,
    count: int,
    *,
    say: "Callable[[str], None]",
    complete: "Callable[[str], str]",
) -> None:
    """Say that so many rules, any finding of which would fail the scan, could not be asked."""
    rules, are = ("rule", "is") if count == 1 else ("rules", "are")
    say(f"CANNOT TELL: {count} {rules} of level {fail_on} or above {are} not evaluable on these logs")
    say(f"  next      {_coverage(scanned, complete)}")
    say("            --evaluable-only judges by the others alone")


def _row(claim: "Claim") -> tuple[str, ...]:
    finding = claim.finding
    first, last = (stamp_ms(at) if at is not None else "" for at in (finding.first_ms, finding.last_ms))
    return (finding.level, str(finding.count), finding.rule, claim.text.risk, first, last)


def _explain(claim: "Claim", complete: "Callable[[str], str]") -> None:
    finding = claim.finding
    show.line()
    show.line(show.clean(f"{finding.level.upper()} {finding.rule}: {finding.title}"))
    for hit in finding.hits[:_SHOWN]:
        show.line(f"  evidence  {_told(hit)}")
    if finding.count > _SHOWN and finding.oldest:
        show.line(f"  oldest    {_told(finding.oldest)}")
        if finding.count > _SHOWN + 1:
            kept = min(finding.count, len(finding.hits))
            more = finding.count - _SHOWN - 1
            show.line(f"            and {more} more; --format json names the newest {kept}, --evidence 0 all")
    if finding.unnamed:
        show.line(f"            {finding.unnamed} without an id")
    if finding.server_count > 1:
        most = ", ".join(f"{_short(name)} {count}" for name, count in finding.servers)
        rest = finding.server_count - len(finding.servers)
        show.line(f"  servers   {most}" + (f" and {rest} more servers" if rest else ""))
    for alarm in claim.text.false_alarms[:_SHOWN]:
        show.line(show.clean(f"  unless    {alarm}"))
    if claim.text.playbook:
        named = [_typed(name) for name in claim.servers[:_SERVERS]]
        for word in (name for name in named if name) if any(named) else ("SERVER",):
            show.line(f"  next      {complete(f'mcpsoar contain {word} --dry-run')}")


def _told(hit: "Hit") -> str:
    """A hit, each of its names between quotes: none of them can be taken for another, or for the time."""
    names = (("server", hit.server), ("event", hit.event_id), ("subject", hit.subject))
    told = [f"{word}={_short(name)}" for word, name in names if name is not None]
    return " ".join([stamp_ms(hit.at_ms), *told])


def _short(name: str) -> str:
    cut = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
    return '"' + show.clean(cut).replace('"', '\\"') + '"'


def _typed(name: str) -> str | None:
    """A name from the log as a word of a command; None for one that would not look like what it is."""
    if show.clean(name) != name or name.startswith("-"):
        return None
    return shlex.quote(name)


def _unasked(scanned: "Scanned", complete: "Callable[[str], str]") -> None:
    """Each where they are few; of a log that lacks much, one line: what was found is worth the screen."""
    some = scanned.unasked
    coverage = _coverage(scanned, complete)
    if len(some) > _SHOWN:
        matched = sum(bool(one.finding.count) for one in some)
        more = f", {matched} of them matched, which is no finding here" if matched else ""
        show.line(f"{len(some)} rules not evaluable{more}; names: --format json, or {coverage}")
        return
    for one in some:
        show.line(show.clean(f"not evaluable: {one.finding.rule} lacks {', '.join(one.finding.lacks)}"))
        if one.finding.count:
            show.line(f"  {one.finding.rule} matched {one.finding.count}, which is no finding here")
    show.line(f"  next      {coverage}")


def _coverage(scanned: "Scanned", complete: "Callable[[str], str]") -> str:
    log = next((word for word in map(_typed, scanned.look.logs) if word and word != "-"), "LOG")
    return complete(f"mcpsoar rules coverage --logs {log}")
