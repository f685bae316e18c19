"""A scan for a tired reader: what was found, worst first, on which evidence; and what could not be asked."""

import shlex
from collections import defaultdict
from typing import TYPE_CHECKING

from mcpsoar.cli import look_text, show
from mcpsoar.kit.clock import stamp_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpsoar.app.scanning import Claim, Scanned

_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow"}
_SHOWN = 3


def tell(scanned: "Scanned", complete: "Callable[[str], str]", *, is_kept: bool, no_color: bool) -> None:
    """Print rejects and doubts as talk, the findings as the answer. `complete` makes a command whole."""
    look_text.doubts(scanned.look, is_kept=is_kept)
    intake = scanned.look.intake
    if intake.first_ms is None or intake.last_ms is None:
        show.line("CANNOT TELL: the logs hold no event")
    else:
        span = f" from {stamp_ms(intake.first_ms)} to {stamp_ms(intake.last_ms)}"
        show.line(f"{intake.events} events, {intake.rejected} rejected, {intake.repeats} repeats{span}")
        show.line(f"{scanned.asked} rules asked, {len(scanned.found)} found something")
    if scanned.found:
        show.table(
            ("LEVEL", "COUNT", "RULE", "RISK", "FIRST", "LAST"),
            [_row(one) for one in scanned.found],
            no_color=no_color,
            styles=[_STYLES.get(one.finding.level) for one in scanned.found],
        )
    for one in scanned.found:
        _explain(one, complete)
    if scanned.unasked:
        _unasked(scanned, complete)


def _row(claim: "Claim") -> tuple[str, ...]:
    finding = claim.finding
    first, last = (stamp_ms(at) if at is not None else "" for at in (finding.first_ms, finding.last_ms))
    return (finding.level, str(finding.count), finding.rule, claim.text.risk, first, last)


def _explain(claim: "Claim", complete: "Callable[[str], str]") -> None:
    finding = claim.finding
    show.line()
    show.line(show.clean(f"{finding.level.upper()} {finding.rule}: {finding.title}"))
    for hit in finding.hits[:_SHOWN]:
        where = "".join(f" {name}" for name in dict.fromkeys((hit.server, hit.subject)) if name)
        show.line(show.clean(f"  evidence  {stamp_ms(hit.at_ms)} {hit.event_id}{where}"))
    if not finding.hits:
        show.line("            the events have no id; their times are above")
    elif finding.count > _SHOWN:
        kept = min(finding.count, len(finding.hits))
        show.line(f"            and {finding.count - _SHOWN} more; --format json names {kept}")
    for alarm in claim.text.false_alarms[:_SHOWN]:
        show.line(show.clean(f"  unless    {alarm}"))
    if claim.text.playbook:
        named = [_typed(name) for name in claim.servers[:_SHOWN]]
        for word in (name for name in named if name) if any(named) else ("SERVER",):
            show.line(f"  next      {complete(f'mcpsoar contain {word} --dry-run')}")


def _typed(name: str) -> str | None:
    """A name from the log as a word of a command; None for one that would not look like what it is."""
    if show.clean(name) != name or name.startswith("-"):
        return None
    return shlex.quote(name)


def _unasked(scanned: "Scanned", complete: "Callable[[str], str]") -> None:
    show.line()
    lacking: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in scanned.unasked:
        lacking[one.finding.lacks].append(one.finding.rule)
    for lacks, rules in sorted(lacking.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        noun = "rule lacks" if len(rules) == 1 else "rules lack"
        show.line(show.clean(f"not evaluable: {len(rules)} {noun} {', '.join(lacks)}: {', '.join(rules)}"))
    for one in scanned.unasked:
        if one.finding.count:
            said = f"  {one.finding.rule} matched {one.finding.count}, which is no finding here"
            show.line(show.clean(said))
    show.line(f"  next      {complete('mcpsoar rules coverage')}")
