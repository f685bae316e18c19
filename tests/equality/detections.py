"""Every detection over its cases in every spelling: what the engine finds, and who finds something else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from mcpsoar.app import rules, variants
from mcpsoar.core.digest import Facts
from tests.laws.test_detections import TEXTS, on_duckdb
from tests.targets.es import detected as es
from tests.targets.spl import test_detections as spl
from tests.targets.spl.splunk import COLUMNS, ROOT

Matches: TypeAlias = list[tuple[str, int, str]]
LANGUAGES: Mapping[str, tuple[str, Callable[[str, Sequence[Facts]], Matches]]] = {
    "SPL": ("splunk", spl.on_splunk),
    "ES|QL": ("esql", es.matches),
}
_MANY = 100  # events; a longer case in every spelling takes minutes


def rows(names: Sequence[str] = tuple(sorted(TEXTS))) -> Iterator[tuple[str, int, Mapping[str, int | str]]]:
    """By detection: its matches in all logs; in how many logs a language finds others, or its refusal."""
    refusals = {
        language: {one.rule.id: one.refusal for one in rules.converted(ROOT, target) if one.refusal}
        for language, (target, _) in LANGUAGES.items()
    }
    for name in names:
        logs = list(_logs(name))
        wanted = [on_duckdb(spl.detection(name), log) for log in logs]
        off: dict[str, int | str] = {
            language: refusals[language].get(name) or _differing(name, finds, logs, wanted)
            for language, (_, finds) in LANGUAGES.items()
        }
        yield name, sum(map(len, wanted)), off


def _differing(
    name: str,
    finds: Callable[[str, Sequence[Facts]], Matches],
    logs: Sequence[Sequence[Facts]],
    wanted: Sequence[Matches],
) -> int:
    return sum(sorted(finds(name, log)) != sorted(one) for log, one in zip(logs, wanted, strict=True))


def _logs(name: str) -> Iterator[Sequence[Facts]]:
    for case in TEXTS[name].cases:
        yield case.events
        if len(case.events) < _MANY:
            for variant in variants.together(case, COLUMNS, spl.read(name)):
                yield variant.events
