"""Judging a reading: integers, cross-multiplied; nothing is divided before it is shown."""

from mcpsoar.core.content import GateText, Threshold
from mcpsoar.core.finding import GateState, Judgement, Reading


def judge(gate: GateText, reading: Reading) -> Judgement:
    """The state of a gate in one window, and its value: the numerator, or the ratio; None without data."""
    if not reading.judged:
        return Judgement(reading, GateState.NO_DATA, None)
    found = state(gate, reading.numerator, reading.denominator, reading.warned)
    if reading.denominator is None:
        return Judgement(reading, found, float(reading.numerator))
    return Judgement(reading, found, reading.numerator / reading.denominator)


def state(gate: GateText, numerator: int, denominator: int | None, warned: int) -> GateState:
    """ok, warn or page, of counts that exist."""
    is_full = numerator >= gate.min_numerator and (denominator is None or denominator >= gate.min_denominator)
    if is_full and _passes(gate.page, numerator, denominator):
        return GateState.PAGE
    if warned or (gate.warn and _passes(gate.warn, numerator, denominator)):
        return GateState.WARN
    return GateState.OK


def _passes(threshold: Threshold, numerator: int, denominator: int | None) -> bool:
    if threshold.ratio is None or denominator is None:
        return numerator > 0
    here, there = numerator * threshold.ratio.under, denominator * threshold.ratio.over
    return denominator > 0 and (here >= there if threshold.inclusive else here > there)
