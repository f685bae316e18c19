"""Proving rules: every case and its variants, recorded logs, and what a user's own logs say."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mcpsoar.app import corpora as surveys
from mcpsoar.app.corpora import CORPUS, Firing
from mcpsoar.app.proving import CaseResult
from mcpsoar.app.rule_cases import VARIANT
from mcpsoar.core.content import CaseKind, Text
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.core.event import LAST_TICK_MS
from mcpsoar.core.verdict import Verdict, worst
from mcpsoar.pack import content, schema
from mcpsoar.pack import corpora as pack
from mcpsoar.pack.corpora import LABELS, Corpus, Explained
from mcpsoar.pack.locate import own

if TYPE_CHECKING:
    from mcpsoar.app.scanning import Claim, Scanned


@dataclass(frozen=True, slots=True)
class Proof:
    """What was asked (`texts`), every result, and what the recorded and the user's own logs showed.

    `seen` is what each text says of the `corpora`, and empty where none were scanned.
    """

    texts: tuple[Text, ...]
    results: tuple[CaseResult, ...]
    corpora: tuple[Corpus, ...] = ()
    seen: Mapping[str, Firing] = field(default_factory=dict)
    known: Mapping[str, Explained] = field(default_factory=dict)
    scanned: "Scanned | None" = None

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        return tuple(one for one in self.results if one.why)

    def claim(self, rule: str) -> "Claim | None":
        """What a rule says of the user's own logs."""
        if self.scanned is None:
            return None
        claims = self.scanned.claims
        return next(one for one in claims if one.finding.rule == rule)


def prove(
    root: Path,
    wanted: Sequence[str] = (),
    *,
    corpora: Path | None = None,
    logs: Sequence[str] = (),
    now_ms: int = LAST_TICK_MS,
) -> Proof:
    """Judge the wanted rules and detections; of a user's pack, without any named, those that it holds itself.

    `corpora` is the folder of recorded logs; what it explains is exact for our own pack on our own corpora,
    and for a user's of either the most that may be. `logs` are the user's own, and hits there are no failure.
    Raises BadContent with every complaint, Usage for an unknown or no rule, Unsupported for a part of Sigma
    that is not bridged, Malformed for a log.
    """
    from mcpsoar.app import rule_cases
    from mcpsoar.app.watch import ask
    from mcpsoar.detect import derived

    texts = _some(root, wanted)
    columns = schema.load(root)
    derived.check(columns)
    asked = ask(columns, texts, now_ms=LAST_TICK_MS)
    results = rule_cases.proved(texts, asked)
    there: tuple[Corpus, ...] = ()
    known: Mapping[str, Explained] = {}
    seen: Mapping[str, Firing] = {}
    if corpora is not None:
        there, known = pack.load(corpora), pack.known(corpora)
        if not wanted and _is_own(root):
            surveys.misnamed([text.id for text in texts], there, known, corpora)
        seen = surveys.survey(texts, asked, there)
        results += surveys.judged(texts, seen, there, known, is_exact=_is_own(root) and _are_own(corpora))
    scanned = None
    if logs:
        from mcpsoar.app import scanning

        ids = [text.id for text in texts]
        scanned = scanning.scan(
            logs, pack=root, now_ms=now_ms, wanted=ids, command="mcpsoar rules test --logs"
        )
    return Proof(texts, results, there, seen, known, scanned)


def verdict(proof: Proof) -> Verdict:
    """NO when something fails. CANNOT_TELL where the user's own logs leave that unknown."""
    told = [Verdict.NO if proof.failed else Verdict.YES]
    if proof.scanned is not None:
        from mcpsoar.app import scanning

        told.append(scanning.verdict(proof.scanned))
    return worst(told)


def document(proof: Proof) -> Facts:
    """The document of `rules test --format json`. More keys may come, none goes."""
    variants = [one for one in proof.results if one.kind == VARIANT]
    return {
        "verdict": verdict(proof).name.lower(),
        "passed": len(proof.results) - len(proof.failed),
        "failed": len(proof.failed),
        "cases": [_result(one) for one in proof.results if one.kind in set(CaseKind)],
        "variants": {
            "passed": sum(not one.why for one in variants),
            "failed": [_result(one) for one in variants if one.why],
        },
        "corpora": [_corpus(one) for one in proof.corpora],
        "corpus_results": [_result(one) for one in proof.results if one.kind == CORPUS],
        "logs": list(proof.scanned.look.logs) if proof.scanned else [],
        "read": _read(proof.scanned),
        "rules": [_rule(text, proof) for text in proof.texts],
    }


def _some(root: Path, wanted: Sequence[str]) -> tuple[Text, ...]:
    texts = content.load(root, wanted)
    if not wanted and not _is_own(root):  # what it does not hold is taken from ours, which is proven with us
        texts = tuple(text for text in texts if text.path.is_relative_to(root))
    if not texts:
        raise Usage(f"no rules in {root}", next_command="mcpsoar rules list")
    return texts


def _is_own(root: Path) -> bool:
    return root.resolve() == own().resolve()


def _are_own(corpora: Path) -> bool:
    ours = pack.beside(own())
    return ours is not None and corpora.resolve() == ours.resolve()


def _read(scanned: "Scanned | None") -> Facts | None:
    from mcpsoar.app.look_document import read

    return None if scanned is None else read(scanned.look)


def _result(one: CaseResult) -> Facts:
    return {
        "rule": one.of,
        "case": one.name,
        "kind": str(one.kind),
        "ok": not one.why,
        "where": one.where,
        "why": one.why or None,
    }


def _corpus(one: Corpus) -> Facts:
    return {
        "name": one.name,
        "label": one.label,
        "kind": "attack" if one.is_attack else "benign",
        "risk": one.risk,
        "expect": list(one.expect),
    }


def _rule(text: Text, proof: Proof) -> Facts:
    results = [one for one in proof.results if one.of == text.id]
    facts: dict[str, object] = {
        "rule": text.id,
        "level": text.level,
        "passed": sum(not one.why for one in results),
        "failed": sum(bool(one.why) for one in results),
    }
    if seen := proof.seen.get(text.id):
        alarms: Counter[str] = Counter()
        for one in seen.on(proof.corpora, attack=False):
            alarms[one.label] += seen.fires[one.name]
        explained = proof.known.get(text.id)
        attacks = seen.on(proof.corpora, attack=True)
        facts["fires_on"] = {
            label: {one.name: seen.fires[one.name] for one in attacks if one.label == label}
            for label in LABELS
        }
        facts["false_alarms"] = dict(alarms)
        facts["explained"] = {"count": explained.count, "why": explained.why} if explained else None
        facts["not_evaluable"] = {name: list(lacks) for name, lacks in seen.lacks.items() if lacks}
    if claim := proof.claim(text.id):
        facts["logs"] = {
            "count": None if claim.finding.lacks or claim.finding.failed else claim.finding.count,
            "evidence": [] if claim.finding.lacks else list(claim.finding.evidence),
            "lacks": list(claim.finding.lacks),
            "failed": claim.finding.failed or None,
        }
    return facts
