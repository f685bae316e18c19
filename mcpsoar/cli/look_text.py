"""A look at logs for a tired reader: what was no event, what each gate says, what to do about a page."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mcpsoar.cli import show
from mcpsoar.core.content import GateText
from mcpsoar.core.finding import GateState, Judgement
from mcpsoar.kit.clock import stamp_ms

if TYPE_CHECKING:
    from mcpsoar.app.watch import Look

KEEPER = "mcpsoar rules scan LOG --rejects FILE"  # for commands that keep none themselves
_STYLES = {
    GateState.WARN: "yellow",
    GateState.PAGE: "bold red",
    GateState.NO_DATA: "magenta",
}


def tell(look: "Look", *, is_kept: bool, no_color: bool) -> None:
    """Print rejects and doubts as talk, the gates as the answer; `is_kept`: a file has the rejects."""
    doubts(look, is_kept=is_kept)
    intake = look.intake
    counts = f"{intake.events} events, {intake.rejected} rejected, {intake.repeats} repeats"
    if look.approved is not None:
        counts += f"; names on the approved list: {look.approved}"
    show.line(f"as of {stamp_ms(look.as_of_ms)}: {counts}")
    judged = list(zip(look.gates, look.judgements, strict=True))
    show.table(
        ("GATE", "STATE", "VALUE", "TARGET", "OWNER"),
        [(gate.id, one.state.value, _value(one), gate.target, gate.owner) for gate, one in judged],
        no_color=no_color,
        styles=[_STYLES.get(one.state) for one in look.judgements],
    )
    for gate, judgement in judged:
        if judgement.state in (GateState.PAGE, GateState.WARN):
            _explain(gate, judgement)


def doubts(
    look: "Look",
    *,
    is_kept: bool = False,
    say: Callable[[str], None] = show.line,
    keeper: str = "--rejects FILE",
) -> None:
    """Print what reading the logs left out: as talk, but for a log that broke off, which is an answer.

    `say` prints that; where standard output holds a document, it is talk too. `keeper` is what to type to
    keep the rejects.
    """
    intake = look.intake
    for one in look.rejects:
        show.talk(f"rejected {one.source}:{one.line}: {one.why}")
    if intake.rejected > len(look.rejects):
        show.talk(
            f"rejected {intake.rejected - len(look.rejects)} more"
            + ("" if is_kept else f"; {keeper} keeps them")
        )
    for source in intake.cut:
        say(show.clean(f"CANNOT TELL: {source} broke off; what came after is not in these figures"))
    for name, count in intake.malformed.items():
        show.talk(f"malformed {name}: {count} values were not of its type and count as absent")
    if intake.conflict_count:
        named = ", ".join(intake.conflicts)
        show.talk(f"conflicts: {intake.conflict_count} ids with other content or other times: {named}")


def _explain(gate: GateText, judgement: Judgement) -> None:
    reading = judgement.reading
    show.line()
    show.line(show.clean(f"{judgement.state.value.upper()} {gate.id}: {gate.title}"))
    show.line(show.clean(f"  owner     {gate.owner} ({gate.severity})"))
    show.line(f"  window    {stamp_ms(reading.window.start_ms)} to {stamp_ms(reading.window.end_ms)}")
    show.line(show.clean(f"  pages     {gate.page_when}; now {_value(judgement)}"))
    for group in reading.groups[:5]:
        share = "" if group.denominator is None else f" of {group.denominator}"
        show.line(show.clean(f"  at        {group.key or '(no server named)'}: {group.numerator}{share}"))
    for event_id in reading.evidence[:5]:
        show.line(show.clean(f"  evidence  {event_id}"))
    if len(reading.evidence) > 5:
        show.line(f"            and {len(reading.evidence) - 5} more in --format json")
    if judgement.state is GateState.PAGE:
        for step in gate.runbook:
            show.line(show.clean(f"  next      {step}"))


def _value(judgement: Judgement) -> str:
    reading = judgement.reading
    if judgement.value is None:
        return "no data"
    if reading.denominator is None:
        warned = f", {reading.warned} to look at" if reading.warned else ""
        return f"{reading.numerator}{warned}"
    return f"{judgement.value:.2%} ({reading.numerator} of {reading.denominator})"
