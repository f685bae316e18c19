"""What `rules test` says to people: which claim failed where, a table of the rules, and sums that add up."""

from collections import Counter
from collections.abc import Iterator, Sequence

from mcpsoar.app.corpora import CORPUS, Firing
from mcpsoar.app.proof import Proof
from mcpsoar.app.rule_cases import VARIANT
from mcpsoar.cli import look_text, scan_text, show
from mcpsoar.core.content import Text
from mcpsoar.core.finding import Finding
from mcpsoar.pack.corpora import LABELS, Corpus

_NAMED = 3


def tell(proof: Proof, *, no_color: bool) -> None:
    """Failures first, then a row a rule, then explained alarms, then the sums; and what logs left unknown."""
    if proof.scanned:
        look_text.doubts(proof.scanned.look, keeper=look_text.KEEPER)
        scan_text.unknown(proof.scanned)
    for one in proof.failed:
        what = "" if one.kind in (VARIANT, CORPUS) else f"{one.kind} "
        show.line(show.clean(f"{one.where}: {one.of}: {what}case {one.name!r} {one.why}"))
    heads = ["", "rule", "level", "cases", "variants"]
    heads += ["fires on", "false alarms", "not evaluable"] if proof.corpora else []
    heads += ["in the logs"] if proof.scanned else []
    broken = {one.of for one in proof.failed}
    unknown = {one.finding.rule for one in proof.scanned.failed} if proof.scanned else set()
    rows, styles = [], []
    for text in proof.texts:
        state = "FAIL" if text.id in broken else "cannot tell" if text.id in unknown else "ok"
        rows.append([state, *_row(text, proof)])
        styles.append({"FAIL": "red", "cannot tell": "magenta"}.get(state))
    show.table(heads, rows, no_color=no_color, styles=styles)
    for text in proof.texts:
        explained, seen = proof.known.get(text.id), proof.seen.get(text.id)
        if explained and seen and (count := seen.alarms(proof.corpora)):
            show.line(
                show.clean(f"{text.id}: {count} of {explained.count} explained alarms: {explained.why}")
            )
    if proof.corpora:
        show.line(_logs(proof.corpora))
    show.line(", ".join(_sums(proof)))


def _row(text: Text, proof: Proof) -> Iterator[str]:
    own = [one for one in proof.results if one.of == text.id]
    yield text.id
    yield text.level
    for is_variant in (False, True):
        some = [one for one in own if one.kind != CORPUS and (one.kind == VARIANT) is is_variant]
        yield f"{sum(not one.why for one in some)}/{len(some)}"
    if seen := proof.seen.get(text.id):
        yield _fires(seen, proof.corpora)
        yield _alarms(seen, proof.corpora)
        lacking = [name for name, lacks in seen.lacks.items() if lacks]
        yield _some(f"{name} ({', '.join(seen.lacks[name])})" for name in lacking) or "-"
    if claim := proof.claim(text.id):
        yield _claimed(claim.finding)


def _claimed(finding: Finding) -> str:
    if finding.lacks:
        return f"not evaluable: no {', '.join(finding.lacks)}"
    return f"failed: {finding.failed}" if finding.failed else f"{finding.count}"


def _fires(seen: Firing, corpora: Sequence[Corpus]) -> str:
    """Labels are told apart: what was recorded is worth more than what was made up."""
    attacks = seen.on(corpora, attack=True)
    parts = []
    for label in LABELS:
        names = [one.name for one in attacks if one.label == label]
        parts += [f"{len(names)} {label}: {_some(names)}"] if names else []
    return "; ".join(parts) or "none"


def _alarms(seen: Firing, corpora: Sequence[Corpus]) -> str:
    counts: Counter[str] = Counter()
    for one in seen.on(corpora, attack=False):
        counts[one.label] += seen.fires[one.name]
    return ", ".join(f"{count} {label}" for label, count in counts.items()) or "0"


def _some(names: Iterator[str] | Sequence[str]) -> str:
    told = list(names)
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return ", ".join(told[:_NAMED]) + more


def _logs(corpora: Sequence[Corpus]) -> str:
    kinds = Counter((one.label, "attacks" if one.is_attack else "benign logs") for one in corpora)
    return "corpora: " + ", ".join(f"{count} {label} {kind}" for (label, kind), count in kinds.items())


def _sums(proof: Proof) -> Iterator[str]:
    for noun, chosen in (
        ("cases", [one for one in proof.results if one.kind not in (VARIANT, CORPUS)]),
        ("variants", [one for one in proof.results if one.kind == VARIANT]),
        ("claims about corpora", [one for one in proof.results if one.kind == CORPUS]),
    ):
        if chosen:
            yield f"{sum(not one.why for one in chosen)} {noun} hold"
    yield f"{len(proof.failed)} fail"
