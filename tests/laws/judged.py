"""What a judgement says, in words that other readings of a gate can say too."""

from typing import Any

from mcpsoar.core.finding import Judgement


def facts(judgement: Judgement) -> dict[str, Any]:
    """State, counts, evidence, and state and counts of each group."""
    reading = judgement.reading
    return {
        "state": judgement.state.value,
        "numerator": reading.numerator,
        "denominator": reading.denominator,
        "warned": reading.warned,
        "events": reading.events,
        "judged": reading.judged,
        "evidence": list(reading.evidence),
        "groups": {
            group.key: (group.state.value, group.numerator, group.denominator) for group in reading.groups
        },
    }
