"""What `rules coverage` says to people: what is watched, which log answers how much, and what nobody sees."""

from collections import Counter
from collections.abc import Callable

from mcpsoar.app import blindspots
from mcpsoar.app.coverage import Can, Coverage, ItemKind, Outlook
from mcpsoar.cli import look_text, show
from mcpsoar.pack.landscape import FRAMEWORKS


def tell(found: Coverage, *, no_color: bool) -> None:
    """Risks, log sources, techniques, and blind spots last."""
    rows = []
    for risk in found.risks():
        counts = [str(len(found.of_risk(risk.id, kind))) for kind in ItemKind]
        rows.append((risk.id, *counts, *(_share(found, name, risk.techniques[name]) for name in FRAMEWORKS)))
    heads = ("RISK", "RULES", "DETECTIONS", "GATES", "ATLAS", "OWASP", "SAFE-MCP")
    show.table(heads, rows, no_color=no_color)
    show.line()
    show.table(
        ("LOG SOURCE", "KNOWN BY", "ANSWERS", "WITH HELP", *(risk.id for risk in found.risks())),
        [_source(found, seen) for seen in found.seen],
        no_color=no_color,
    )
    show.line()
    for name in FRAMEWORKS:
        rows = [
            (
                blindspots.shown(name, one),
                str(len(found.of_technique(name, one))),
                found.field.names.get(name, {}).get(one, ""),
            )
            for one in found.techniques(name)
        ]
        show.table(("TECHNIQUE", "CONTENT", "NAME"), rows, no_color=no_color)
        show.line()
    for spot in blindspots.blind_spots(found):
        show.line(show.clean(f"BLIND {spot.kind.value}: {spot.what}: {spot.why}"))


def doubts(seen: Outlook, say: Callable[[str], None]) -> None:
    """Say what is not known of a log; a log source that is known by its schema leaves no doubt."""
    if seen.look is None:
        return
    look_text.doubts(seen.look, say=say, keeper=look_text.KEEPER)
    if not seen.look.intake.events:
        say(show.clean(f"CANNOT TELL: {seen.id} holds no event"))
    for name, answer in seen.answers.items():
        if answer.failed:
            say(show.clean(f"CANNOT TELL: {seen.id}: {name} could not be asked: {answer.failed}"))


def _share(found: Coverage, framework: str, techniques: tuple[str, ...]) -> str:
    watched = sum(bool(found.of_technique(framework, one)) for one in techniques)
    return f"{watched} of {len(techniques)}"


def _source(found: Coverage, seen: Outlook) -> tuple[str, ...]:
    counts = Counter(answer.can for answer in seen.answers.values())
    cells = []
    for risk in found.risks():
        asked = seen.answered(found.of_risk(risk.id))
        most = sum(can in (Can.YES, Can.IF) for can in asked)
        cells.append(f"{most} of {len(asked)}")
    return (seen.id, seen.evidence, str(counts[Can.YES]), str(counts[Can.IF]), *cells)
