"""Every gate over random logs: what the engine says, and who says something else.

SPL and ES|QL as `gates` would say them, and as the packs ship them: with macros, and with a lookup of tuning.
A pack that was built without a list of approved servers is asked where there is none.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from hypothesis import HealthCheck, Phase, example, given, seed, settings
from hypothesis import strategies as st

from mcpsoar.app.watch import Look, look
from mcpsoar.core.finding import Judgement
from mcpsoar.targets.es.gate import Asked
from tests.laws.judged import facts
from tests.laws.random_logs import HOSTILE, NOW, logs
from tests.siems.splunk import test_gates as splunk_pack
from tests.targets.es import test_alert as elastic_pack
from tests.targets.es import test_gate as es
from tests.targets.es.ground import ROOT
from tests.targets.spl import test_gate as spl

Answers: TypeAlias = Callable[[Judgement], bool]
Reader: TypeAlias = Callable[[bytes, frozenset[str] | None, Look], Answers]


def differences(number: int, beginning: int = 0) -> dict[str, Counter[str]]:
    """By gate and language: in how many logs it says another thing than the engine.

    The log of all hostile lines, and `number` random ones; `beginning` (a seed) chooses others.
    """
    found = {text.id: Counter[str]() for text in spl.GATES}

    @seed(beginning)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @example(log=b"\n".join(HOSTILE), approved=None)
    @given(log=logs(), approved=st.sampled_from([None, None, frozenset({"crm"})]))
    def ask(log: bytes, approved: frozenset[str] | None) -> None:
        for gate, language in _wrong(log, approved):
            found[gate][language] += 1

    ask()
    return found


def _wrong(log: bytes, approved: frozenset[str] | None) -> Iterator[tuple[str, str]]:
    seen = _look(log, approved)
    for language, reader in LANGUAGES.items():
        same = reader(log, approved, seen)
        for judgement in seen.judgements:
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


def _in_splunk_pack(log: bytes, approved: frozenset[str] | None, seen: Look) -> Answers:
    if approved is not None:
        return lambda _: True
    held = spl.in_splunk(log)

    def same(judgement: Judgement) -> bool:
        (row,) = splunk_pack.rows(judgement.reading.gate, held, seen.as_of_ms)
        return spl.said(row) == spl.told(judgement)

    return same


def _in_elastic_pack(log: bytes, approved: frozenset[str] | None, seen: Look) -> Answers:
    names = sorted(approved) if approved is not None else None
    indices = es.stream(es.accepted(log), names)
    asked = Asked(as_of_ms=seen.as_of_ms, approved=approved is not None, raw=True)

    def same(judgement: Judgement) -> bool:
        rows = elastic_pack.rows(es.GATES[judgement.reading.gate], indices, asked)
        return elastic_pack.said(rows) == elastic_pack.wanted(judgement)

    return same


LANGUAGES: Mapping[str, Reader] = {
    "SPL": _in_spl,
    "ES|QL": _in_esql,
    "Splunk": _in_splunk_pack,
    "Elastic": _in_elastic_pack,
}
