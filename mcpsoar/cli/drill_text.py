"""A drill in words: who, when, which gate, whose page, what was done, what proves it, what is left."""

import shlex
from collections.abc import Iterator, Sequence

from mcpsoar.app.drill_outcome import Outcome, Raised
from mcpsoar.cli import report_text
from mcpsoar.cli.show import clean
from mcpsoar.core.run import Report, StepReport
from mcpsoar.kit.clock import stamp_ms

_IDS = 3


def lines(outcome: Outcome, *, is_kept: bool) -> Iterator[str]:
    """The report, line by line; everything from outside is made harmless here."""
    quiet = outcome.quiet
    yield f"mcpsoar drill, {outcome.started_at}, on {outcome.url}"
    yield ""
    yield "1. Benign traffic"
    yield (
        f"   {quiet.calls} calls by {quiet.actors} actors on {quiet.servers} servers"
        f" in {quiet.seconds:.0f} s: {_count(quiet.gates, 'page')}, {_count(quiet.rules, 'rule')} fired"
    )
    yield ""
    yield "2. Attacks, each judged on the benign log and its own events"
    yield from _attacks(outcome)
    yield ""
    yield "3. Pages"
    for raised in outcome.raised:
        yield from _page(raised)
    yield ""
    yield f"4. Containment of {', '.join(outcome.contained.servers)}: {outcome.contained.verdict}"
    yield from _run(outcome.contained, outcome)
    yield "   clients that were connected before"
    for client in outcome.clients:
        yield f"     {client.name:<22} {client.before}, then {clean(client.contained, limit=90)}"
    yield from _exposure(outcome.contained)
    yield ""
    yield f"5. Release of {', '.join(outcome.released.servers)}: {outcome.released.verdict}"
    yield from _run(outcome.released, outcome)
    yield "   the same clients"
    for client in outcome.clients:
        yield f"     {client.name:<22} {clean(client.released, limit=90)}"
    yield ""
    yield from _end(outcome, is_kept=is_kept)


def _attacks(outcome: Outcome) -> Iterator[str]:
    width = max(len(played.row.attack) for played in outcome.attacks)
    rules = max(len(", ".join(played.row.rules)) for played in outcome.attacks)
    yield f"      {'attack':<{width}}  {'decision':<8}  {'rules that fired':<{rules}}  gate that paged"
    for played in outcome.attacks:
        row = played.row
        mark = "ok" if played.check.holds else "NO"
        fired = ", ".join(row.rules)
        words = f"{row.attack:<{width}}  {row.decision:<8}  {fired:<{rules}}  {row.gate or '-'}"
        yield f"   {mark} {words}"
        if not played.check.holds:
            yield f"      expected that; saw {clean(played.check.saw)}"


def _page(raised: Raised) -> Iterator[str]:
    page = raised.page
    ids = ", ".join(clean(event) for event in page.evidence[:_IDS])
    more = f" and {len(page.evidence) - _IDS} more" if len(page.evidence) > _IDS else ""
    yield f"   {page.gate} pages {page.owner} ({page.severity}) at {stamp_ms(page.at_ms)}"
    yield f"     what      {clean(page.summary)}"
    for place, who in enumerate(raised.who):
        yield f"     {'who' if place == 0 else '':<9} {clean(who)}"
    yield f"     evidence  {ids}{more}"
    yield f"     do first  {clean(page.runbook[0]) if page.runbook else '-'}"


def _run(report: Report, outcome: Outcome) -> Iterator[str]:
    width = max(len(step.id) for step in report.steps)
    for step in report.steps:
        yield f"   {_time(step)}  {step.verdict:<18}  {step.id:<{width}}  {clean(step.detail)}"
    yield f"   run {report.run}, journal {outcome.journals.get(report.run)}, head {report.journal_head}"


def _exposure(report: Report) -> Iterator[str]:
    yield "   still exposed" + ("" if report.remaining_exposure else ": nothing known")
    for exposure in report.remaining_exposure:
        yield f"     {report_text.exposed(exposure)}"


def _end(outcome: Outcome, *, is_kept: bool) -> Iterator[str]:
    if outcome.failures:
        yield f"FAILED in {outcome.seconds:.0f} s: {len(outcome.failures)} of {len(outcome.checks)} checks"
        for check in outcome.failures:
            yield f"   {check.name}: {clean(check.saw)}"
    else:
        yield f"PASSED in {outcome.seconds:.0f} s: {len(outcome.checks)} of {len(outcome.checks)} checks hold"
    if is_kept:
        yield "   kept     " + ", ".join(f"{name} {place}" for name, place in outcome.files.items())
        home = shlex.quote(outcome.files["runs"].rpartition("/")[0])
        yield f"   next     mcpsoar gates check {shlex.quote(outcome.files['log'])}"
        yield f"            mcpsoar runs show {outcome.contained.run} --home {home}"
    else:
        yield "   next     mcpsoar drill --keep DIR keeps the log, the findings, the reports and the runs"
        yield "            mcpsoar gates check YOUR-LOG.ndjson asks the same gates about your own traffic"
        yield "            mcpsoar contain SERVER --api URL does step 4 on your own control plane"


def _time(step: StepReport) -> str:
    return (step.finished_at or step.started_at or "-")[11:19] or "-"


def _count(names: Sequence[str], noun: str) -> str:
    if not names:
        return f"no {noun}"
    return f"{len(names)} {noun}{'s' if len(names) > 1 else ''} ({', '.join(names)})"
