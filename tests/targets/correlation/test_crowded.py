"""One crowded log, the same each time: instants shared and a window apart, asked with every operator.

What random logs meet by luck is here for certain: `test_laws.py` looks further, this one never looks away.
"""

import random

import pytest

from tests.targets.correlation import reference
from tests.targets.correlation.asking import NAMES, Engine, Event, correlation, event

INSTANTS = (0, 1, 9_999, 10_000, 10_001, 14_000, 19_999, 20_000, 20_001, 35_000, 44_999, 45_000)
COUNTS = {"value_sum": (-1, 3), "value_avg": (0, 1), "value_percentile": (1,), "value_median": (0, 1)}
SHARES = (0, 34, 50, 100)


def _crowd() -> list[Event]:
    chosen = random.Random(20_260_301)
    return [
        event(
            n,
            chosen.choice(INSTANTS),
            "".join(chosen.sample(NAMES, chosen.choice([0, 1, 1, 1, 2, 3]))),
            chosen.choice(["x", "x", "y", None]),
            value=chosen.choice([None, -2, 0, 1, 1, 2, 4]),
        )
        for n in range(36)
    ]


CROWD = _crowd()
SEEN = [one for one in CROWD if one["rules"]]


@pytest.mark.parametrize("kind", [*reference.KINDS, "temporal_ordered"])
def test_a_crowded_log_is_judged_as_plain_python_judges_it(engine: Engine, kind: str) -> None:
    if kind == "temporal_ordered":
        wanted = reference.matches(SEEN, kind, "gte", 3, window_ms=10_000, rules=NAMES)
        assert wanted
        assert engine.found(correlation(kind, "  group-by: [usr]"), CROWD) == wanted
        return
    field = ", field: val" if kind.startswith("value") else ""
    for share in SHARES if kind == "value_percentile" else (50,):
        percentile = f", percentile: {share}" if kind == "value_percentile" else ""
        for op in reference.OPERATORS:
            for count in COUNTS.get(kind, (2, 3)):
                condition = f"{{{op}: {count}{field}{percentile}}}"
                rule = correlation(kind, f"  group-by: [usr]\n  condition: {condition}")
                wanted = reference.matches(
                    SEEN, kind, op, count, window_ms=10_000, rules=NAMES, percentile=share
                )
                assert engine.found(rule, CROWD) == wanted, condition
