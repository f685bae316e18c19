"""Every gate over random logs: what the engine says, and where SPL and ES|QL say something else."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mcpsoar.app.watch import Look, look
from mcpsoar.core.finding import Judgement
from mcpsoar.targets.es.gate import Asked
from tests.laws.judged import facts
from tests.laws.random_logs import NOW, logs
from tests.targets.es import test_gate as es
from tests.targets.es.ground import ROOT
from tests.targets.spl import test_gate as spl

Answers: TypeAlias = Callable[[Judgement], bool]
LANGUAGES = ("SPL", "ES|QL")


def differences(number: int) -> dict[str, Counter[str]]:
    """By gate and language: in how many of `number` random logs it says another thing than the engine."""
    found = {text.id: Counter[str]() for text in spl.GATES}

    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(log=logs(), approved=st.sampled_from([None, None, frozenset({"crm"})]))
    def ask(log: bytes, approved: frozenset[str] | None) -> None:
        for gate, language in _wrong(log, approved):
            found[gate][language] += 1

    ask()
    return found


def _wrong(log: bytes, approved: frozenset[str] | None) -> Iterator[tuple[str, str]]:
    seen = _look(log, approved)
    answers = dict(zip(LANGUAGES, (_in_spl(log, approved, seen), _in_esql(log, approved, seen)), strict=True))
    for judgement in seen.judgements:
        for language, same in answers.items():
            if not same(judgement):
                yield judgement.reading.gate, language


def _look(log: bytes, approved: frozenset[str] | None) -> Look:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "log.ndjson"
        path.write_bytes(log)
        return look([str(path)], pack=ROOT, now_ms=NOW, approved=approved)


def _in_spl(log: bytes, approved: frozenset[str] | None, seen: Look) -> Answers:
    held = spl.in_splunk(log)
    texts = {text.id: text for text in spl.GATES}

    def same(judgement: Judgement) -> bool:
        row = spl.judged(texts[judgement.reading.gate], held, seen.as_of_ms, approved=approved)
        return spl.said(row) == spl.told(judgement)

    return same


def _in_esql(log: bytes, approved: frozenset[str] | None, seen: Look) -> Answers:
    names = sorted(approved) if approved is not None else None
    indices = es.stream(es.accepted(log), names)
    asked = Asked(as_of_ms=seen.as_of_ms, approved=approved is not None, raw=True)

    def same(judgement: Judgement) -> bool:
        return es.said(es.GATES[judgement.reading.gate], indices, asked) == facts(judgement)

    return same
