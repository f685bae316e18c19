"""Scanning: every rule and detection over logs in one pass, and what of their findings is an answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.core.finding import Finding, Hit
from mcpsoar.core.verdict import Verdict, worst
from mcpsoar.kit.clock import stamp_ms
from mcpsoar.pack.heading import LEVELS

if TYPE_CHECKING:
    from mcpsoar.app.watch import Look
    from mcpsoar.core.content import Text


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding and the text of the rule or detection that makes it."""

    finding: Finding
    text: "Text"

    @property
    def servers(self) -> tuple[str, ...]:
        """Where it was found, most often first, then newest: names from the log, which nobody has checked."""
        counted = [name for name, _ in self.finding.servers]
        return tuple(dict.fromkeys([*counted, *(hit.server for hit in self.finding.hits if hit.server)]))


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan says: `found` by level and then count, worst first; `silent` were asked and found nothing.

    `unasked` could not be asked of these logs, which lack a column: matches of theirs are no findings.
    `failed` could have been, and ran out of time or room, or broke off: what they say is not known.
    """

    look: "Look"
    found: tuple[Claim, ...]
    silent: tuple[Claim, ...]
    unasked: tuple[Claim, ...]
    failed: tuple[Claim, ...] = ()

    @property
    def asked(self) -> int:
        return len(self.found) + len(self.silent)

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (*self.found, *self.silent, *self.unasked, *self.failed)


def scan(
    logs: Sequence[str],
    *,
    pack: Path,
    now_ms: int,
    wanted: Sequence[str] = (),
    rejects: Path | None = None,
    evidence: int | None = 20,
    mapping: Path | None = None,
    command: str = "mcpsoar rules scan",
) -> Scanned:
    """Ask every rule and detection (all, or those named) of the logs, which are read once.

    Each finding keeps the newest `evidence` of its matches; None: all. `command` is what errors say to type.
    `mapping` is a file that says what the logs call the columns.

    Raises Usage (no such log or rule, a file that cannot be written), BadContent, Unsupported, Malformed.
    """
    from mcpsoar.app import watch

    look = watch.look(
        logs,
        pack=pack,
        now_ms=now_ms,
        gates=(),
        with_rules=True,
        rules=wanted,
        rejects=rejects,
        evidence=evidence,
        mapping=mapping,
        command=command,
    )
    if not look.findings:
        raise Usage(f"no rules in {pack}", next_command="mcpsoar rules list")
    claims = sorted(map(Claim, look.findings, look.texts), key=_rank)
    asked = [one for one in claims if not one.finding.lacks and not one.finding.failed]
    return Scanned(
        look=look,
        found=tuple(one for one in asked if one.finding.count),
        silent=tuple(one for one in asked if not one.finding.count),
        unasked=tuple(one for one in claims if one.finding.lacks),
        failed=tuple(one for one in claims if one.finding.failed and not one.finding.lacks),
    )


def doubts(look: "Look") -> tuple[str, ...]:
    """Why what the logs say is not known, whatever was asked of them: no event, a break, one id for two."""
    intake = look.intake
    told = [] if intake.events else ["the logs hold no event"]
    told += [f"{log} broke off; what came after is not in these figures" for log in intake.cut]
    if intake.conflict_count:
        named = ", ".join(intake.conflicts)
        said = f"{intake.conflict_count} ids stand for events of other content, of which the first counted"
        told.append(f"{said}: {named}")
    return tuple(told)


def undecided(scanned: Scanned, fail_on: str | None) -> tuple[Claim, ...]:
    """What would fail the scan if it found something, and could not be asked of these logs."""
    return tuple(one for one in scanned.unasked if one.finding.level in _failing(fail_on))


def verdict(scanned: Scanned, fail_on: str | None = None, *, evaluable_only: bool = False) -> Verdict:
    """NO where a finding is of level `fail_on` or above; a finding alone is an answer, and no failure.

    CANNOT_TELL where there was no event, a log broke off, no rule could be asked or one of them failed,
    where one id stands for events of other content: which of them is true is not known, and where a rule of
    that level could not be asked, unless the user wants those judged alone that could.
    """
    failing = _failing(fail_on)
    intake = scanned.look.intake
    is_whole = not (intake.cut or intake.conflict_count or scanned.failed)
    is_decided = evaluable_only or not undecided(scanned, fail_on)
    is_known = intake.events and scanned.asked and is_whole and is_decided
    return worst(
        [
            *(Verdict.NO for one in scanned.found if one.finding.level in failing),
            Verdict.YES if is_known else Verdict.CANNOT_TELL,
        ]
    )


def document(scanned: Scanned, fail_on: str | None, *, evaluable_only: bool = False) -> Facts:
    """The document of `rules scan --format json`. More keys may come, none goes."""
    from mcpsoar.app.look_document import read

    intake = scanned.look.intake
    return {
        "verdict": verdict(scanned, fail_on, evaluable_only=evaluable_only).name.lower(),
        "fail_on": fail_on,
        "evaluable_only": evaluable_only,
        "undecided": [one.finding.rule for one in undecided(scanned, fail_on)],
        "logs": list(scanned.look.logs),
        **read(scanned.look),
        "first": _stamp(intake.first_ms),
        "last": _stamp(intake.last_ms),
        "asked": scanned.asked,
        "findings": [_facts(one) for one in scanned.found],
        "failed": [{**_facts(one), "why": one.finding.failed} for one in scanned.failed],
        "not_evaluable": [{**_facts(one), "lacks": list(one.finding.lacks)} for one in scanned.unasked],
    }


def lines(scanned: Scanned) -> Iterator[Facts]:
    """The objects of `rules scan --format ndjson`: `state` tells a finding from a rule that was not asked."""
    logs = {"logs": list(scanned.look.logs)}
    for one in scanned.found:
        yield {"state": "found", **_facts(one), **logs}
    for one in scanned.failed:
        yield {"state": "failed", **_facts(one), "why": one.finding.failed, **logs}
    for one in scanned.unasked:
        yield {"state": "not_evaluable", **_facts(one), "lacks": list(one.finding.lacks), **logs}


def _failing(fail_on: str | None) -> tuple[str, ...]:
    return () if fail_on is None else LEVELS[LEVELS.index(fail_on) :]


def _facts(claim: Claim) -> Facts:
    finding, text = claim.finding, claim.text
    return {
        "rule": finding.rule,
        "title": finding.title,
        "level": finding.level,
        "risk": text.risk,
        "playbook": text.playbook,
        "tags": list(text.tags),
        "count": finding.count,
        "first": _stamp(finding.first_ms),
        "last": _stamp(finding.last_ms),
        "without_id": finding.unnamed,
        "servers": [{"server": name, "count": count} for name, count in finding.servers],
        "server_count": finding.server_count,
        "oldest": None if finding.oldest is None else _hit(finding.oldest),
        "evidence": [_hit(hit) for hit in finding.hits],
    }


def _hit(hit: Hit) -> Facts:
    return {
        "event_id": hit.event_id,
        "at": stamp_ms(hit.at_ms),
        "server": hit.server,
        "subject": hit.subject,
    }


def _rank(claim: Claim) -> tuple[int, int, str]:
    return -LEVELS.index(claim.finding.level), -claim.finding.count, claim.finding.rule


def _stamp(at_ms: int | None) -> str | None:
    return None if at_ms is None else stamp_ms(at_ms)
