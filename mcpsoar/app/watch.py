"""Watching: logs in; what the gates say, what the rules found, and whom to wake."""

import glob
import os
import shlex
import signal
import tempfile
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mcpsoar.core.content import DetectionText, GateText, RuleText, Text
from mcpsoar.core.errors import Malformed, Usage
from mcpsoar.core.event import MINUTE_MS, Column, Intake, Reject, first_tick_after
from mcpsoar.core.finding import Finding, GateState, Judgement, Page
from mcpsoar.pack import content, schema
from mcpsoar.pack import gates as gate_pack
from mcpsoar.pack import mapping as field_mapping
from mcpsoar.siems import installed

if TYPE_CHECKING:
    from mcpsoar.detect.scan import Ask, Scan

EVIDENCE = 20


@dataclass(frozen=True, slots=True)
class Look:
    """One look at `logs`, by name. `rejects` are the first ten; `gates` are those that were asked.

    `texts` are the rules and detections that were, one for each of `findings`.
    `approved` is how many servers the approved list named, None where none was given.
    """

    intake: Intake
    rejects: tuple[Reject, ...]
    as_of_ms: int
    approved: int | None
    gates: tuple[GateText, ...]
    judgements: tuple[Judgement, ...]
    findings: tuple[Finding, ...]
    pages: tuple[Page, ...]
    logs: tuple[str, ...] = ()
    texts: tuple[Text, ...] = ()


def look(
    logs: Sequence[str],
    *,
    pack: Path,
    now_ms: int,
    gates: Sequence[str] | None = None,
    with_rules: bool = False,
    rules: Sequence[str] = (),
    approved: Collection[str] | None = None,
    as_of_ms: int | None = None,
    rejects: Path | None = None,
    evidence: int | None = EVIDENCE,
    mapping: Path | None = None,
    command: str = "mcpsoar gates check",
) -> Look:
    """Read the logs once and judge them at one tick: `as_of_ms`, or the first tick after the last event.

    `gates` are their ids, all of them where it is None. `rules` are ids of rules and detections, all where
    none is named; without `with_rules` none is asked.
    A finding keeps the newest `evidence` of its matches, None: all. `command` is what errors say to type.
    `mapping` is a file that says what the logs call the columns.
    Without an event that tick is the last whole minute of the clock. Raises Usage (no such log, gate, or a
    file that cannot be written), BadContent (a gate or rule that cannot be used), Malformed.
    """
    from mcpsoar.detect import files
    from mcpsoar.detect.scan import over_logs

    columns = schema.load(pack)
    texts = gate_pack.load(pack, gates or ()) if gates is None or gates else ()
    asked_rules = content.load(pack, rules) if with_rules else ()
    asked = ask(columns, asked_rules, now_ms=now_ms, gates=texts, approved=approved)
    if mapping:
        asked = replace(asked, mapping=field_mapping.read(mapping, columns, installed.mapping_keys()))
    _no_folder(logs, command)
    with _orderly(), tempfile.TemporaryDirectory(prefix="mcpsoar-") as name:
        folder = Path(name).resolve()
        sources = files.sources(logs, folder, command=command)
        if rejects and rejects.exists() and any(rejects.samefile(one.log.path) for one in sources):
            raise Usage(f"{rejects} is one of the logs; rejects go to a file of their own")
        with _kept(rejects) as keep, _blamed(columns), over_logs(sources, asked, folder, keep=keep) as scan:
            at_ms = as_of_ms if as_of_ms is not None else _tick(scan.intake, now_ms)
            judgements, findings = _judged(scan, at_ms, asked_rules, evidence)
            return Look(
                intake=scan.intake,
                rejects=scan.rejects,
                as_of_ms=at_ms,
                approved=None if approved is None else len(set(approved)),
                gates=texts,
                judgements=judgements,
                findings=findings,
                pages=tuple(
                    page(text, one)
                    for text, one in zip(texts, judgements, strict=True)
                    if one.state is GateState.PAGE
                ),
                logs=tuple(one.log.name for one in sources),
                texts=asked_rules,
            )


def ask(
    columns: Sequence[Column],
    texts: Sequence[Text],
    *,
    now_ms: int,
    gates: Sequence[GateText] = (),
    approved: Collection[str] | None = None,
) -> "Ask":
    """What a scan is to answer: rules, detections and gates. Raises BadContent, Unsupported."""
    from mcpsoar.detect.detection import parse_all
    from mcpsoar.detect.gate import parse
    from mcpsoar.detect.scan import Ask
    from mcpsoar.targets import sql

    rules = [text for text in texts if isinstance(text, RuleText)]
    detections = [text for text in texts if isinstance(text, DetectionText)]
    return Ask(
        columns,
        [parse(text, columns, approved=approved) for text in gates],
        sql.predicates(rules, columns),
        now_ms,
        parse_all(detections, columns),
    )


def _judged(
    scan: "Scan", at_ms: int, rules: Sequence[Text], evidence: int | None
) -> tuple[tuple[Judgement, ...], tuple[Finding, ...]]:
    from mcpsoar.detect.judge import judge

    judgements = tuple(judge(gate.text, scan.reading(gate, at_ms)) for gate in scan.ask.gates)
    return judgements, tuple(scan.finding(rule, at_most=evidence) for rule in rules)


def page(gate: GateText, judgement: Judgement) -> Page:
    """Whom to wake, and about what: one page a gate, the same one while its subjects are the same."""
    reading = judgement.reading
    subjects = tuple(sorted(group.key for group in reading.groups if group.numerator))
    share = "" if reading.denominator is None else f" of {reading.denominator}"
    blamed = ", ".join(subjects[:5]) + (f" and {len(subjects) - 5} more" if len(subjects) > 5 else "")
    return Page(
        dedup_key="|".join((gate.id, *subjects)),
        gate=gate.id,
        title=gate.title,
        severity=gate.severity,
        owner=gate.owner,
        subjects=subjects,
        summary=f"{reading.numerator}{share} in the window; {gate.page_when}; {blamed or 'no subject named'}",
        evidence=reading.evidence,
        runbook=gate.runbook,
        at_ms=reading.window.end_ms,
    )


@contextmanager
def _orderly() -> Iterator[None]:
    """Leave in order when told to end: Python would die where it stands, and leave copies of logs behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, frame: object) -> None:  # noqa: ARG001 (signal's signature)
    raise SystemExit(128 + number)


@contextmanager
def _blamed(columns: Sequence[Column]) -> Iterator[None]:
    """A log that the engine cannot read may be good, and an expression of the pack's schema not."""
    from mcpsoar.detect import derived

    try:
        yield
    except (Malformed, Usage):
        derived.check(columns)
        raise


def _tick(intake: Intake, now_ms: int) -> int:
    return first_tick_after(intake.last_ms) if intake.last_ms is not None else now_ms - now_ms % MINUTE_MS


def _no_folder(logs: Sequence[str], command: str) -> None:
    for name in logs:
        if name != "-" and Path(name).is_dir():
            raise Usage(
                f"{name} is a folder; name the logs in it",
                next_command=f"{command} {shlex.quote(glob.escape(name.rstrip('/')) + '/*.ndjson')}",
            )


@contextmanager
def _kept(path: Path | None) -> Iterator[BinaryIO | None]:
    """A file for the rejects: written beside, and put in its place when the look is over."""
    if path is None:
        yield None
        return
    try:
        place = path.resolve()  # what a link points to is replaced, not the link
        is_device = place.exists() and not place.is_file()
        beside = place if is_device else place.with_name(f".{place.name}.{os.getpid()}.part")
        file = beside.open("wb")
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Usage(f"{path} cannot be written: {why}") from None
    try:
        with file:
            yield file
        if beside != place:
            beside.replace(place)
    finally:
        if beside != place:
            beside.unlink(missing_ok=True)
