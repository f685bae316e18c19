"""A look at logs as the JSON document that scripts rely on (contract, section 5)."""

from typing import TYPE_CHECKING

from mcpsoar.core.content import GateText
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.finding import Judgement
from mcpsoar.kit.clock import stamp_ms

if TYPE_CHECKING:
    from mcpsoar.app.watch import Look


def document(look: "Look") -> Json:
    """The document of `gates check --format json`. More keys may come, none goes."""
    return {
        "as_of": stamp_ms(look.as_of_ms),
        "approved": look.approved,
        "logs": list(look.logs),
        **read(look),
        "gates": [
            _judged(gate, judgement) for gate, judgement in zip(look.gates, look.judgements, strict=True)
        ],
    }


def read(look: "Look") -> Facts:
    """What reading the logs gave: how many events, and every line or value that was none."""
    intake = look.intake
    return {
        "events": intake.events,
        "rejected": intake.rejected,
        "rejects": [{"where": f"{one.source}:{one.line}", "why": one.why} for one in look.rejects],
        "repeats": intake.repeats,
        "conflicts": list(intake.conflicts),
        "conflict_count": intake.conflict_count,
        "malformed": intake.malformed,
        "cut": list(intake.cut),
    }


def _judged(gate: GateText, judgement: Judgement) -> Facts:
    reading = judgement.reading
    return {
        "gate": gate.id,
        "state": judgement.state.value,
        "value": _plain(judgement.value),
        "numerator": reading.numerator,
        "denominator": reading.denominator,
        "target": gate.target,
        "page_when": gate.page_when,
        "owner": gate.owner,
        "severity": gate.severity,
        "warned": reading.warned,
        "coverage": reading.judged / reading.events if reading.events else None,
        "window": {"from": stamp_ms(reading.window.start_ms), "to": stamp_ms(reading.window.end_ms)},
        "evidence": list(reading.evidence),
        "groups": [
            {
                "key": group.key,
                "state": group.state.value,
                "numerator": group.numerator,
                "denominator": group.denominator,
            }
            for group in reading.groups
        ],
    }


def _plain(value: float | None) -> float | int | None:
    return int(value) if value is not None and value == int(value) else value
