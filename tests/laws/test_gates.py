"""Laws of the gates: a check says what a plain reading of the contract says, whatever the log holds.

MCPSOAR_EXAMPLES sets the number of random logs.
"""

import json
import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mcpsoar.app.watch import Look, look
from tests.laws import contract_reading as plain
from tests.laws.judged import facts
from tests.laws.random_logs import HOSTILE, NOW, TIMES, logs

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "40"))
GATES = ("manifest-drift", "quarantine-ratio", "registry-drift", "scope-mismatch", "unapproved-write-calls")


def checked(log: bytes, approved: frozenset[str] | None = None) -> Look:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "log.ndjson"
        path.write_bytes(log)
        return look([str(path)], pack=ROOT, now_ms=NOW, approved=approved)


def compare(log: bytes, approved: frozenset[str] | None) -> None:
    got, want = checked(log, approved), plain.read(log, NOW)
    intake = got.intake
    assert intake.rejected == len(want.rejected)
    assert [one.line for one in got.rejects] == want.rejected[:10]
    assert (intake.events, intake.repeats) == (len(want.events), want.repeats)
    assert (list(intake.conflicts), intake.conflict_count) == (want.conflicts[:10], len(want.conflicts))
    assert intake.malformed == dict(want.malformed)
    last = max((event["at"] for event in want.events), default=None)
    tick = (last // plain.MINUTE + 1) * plain.MINUTE if last is not None else NOW
    assert got.as_of_ms == tick
    for judgement in got.judgements:
        reading = judgement.reading
        assert facts(judgement) == plain.judge(
            want, reading.gate, tick, set(approved) if approved is not None else None
        )
    assert tuple(judgement.reading.gate for judgement in got.judgements) == GATES


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(log=logs(), approved=st.sampled_from([None, None, frozenset(), frozenset({"crm"})]))
@example(log=b"", approved=None)
def test_a_check_is_what_a_plain_reading_of_the_contract_says(
    log: bytes, approved: frozenset[str] | None
) -> None:
    compare(log, approved)


def test_every_hostile_line_is_read_alike_among_events_and_among_its_like() -> None:
    good = b'{"event_time":"2026-03-01T12:00:00.000Z","event_id":"g","decision":"ALLOW"}'
    for line in HOSTILE:
        compare(b"\n".join([good, line, good]), None)
    compare(b"\n".join(HOSTILE), None)


def test_every_odd_time_is_read_alike() -> None:
    for value in TIMES:
        compare(json.dumps({"event_time": value, "event_id": "t"}).encode(), None)
