"""One run as a Markdown page for people: what was proven and how, what was not, what is still open, and when.

A reading of the journal alone. Everything that came from outside (names, details, errors, reasons) stands in
code spans: control planes and servers choose these words.
"""

from collections.abc import Iterable, Iterator, Sequence

from mcpsoar.app.timeline import timeline
from mcpsoar.app.touching import touching
from mcpsoar.core.digest import Facts
from mcpsoar.core.run import Report, StepReport
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict
from mcpsoar.kit.markdown import code

_MEANS = {
    RunVerdict.CONTAINED: "every step was read back from the system itself after the change",
    RunVerdict.NOT_CONTAINED: "at least one step failed, or only a part of it is done",
    RunVerdict.RELEASED: "every step was undone, and read back",
    RunVerdict.NOT_RELEASED: "at least one step could not be undone",
    RunVerdict.UNVERIFIED: "no step is known to have failed, and not everything could be proven",
    RunVerdict.PLANNED: "a dry run: looked at and planned, nothing was sent",
    RunVerdict.RUNNING: "still at work",
    RunVerdict.INTERRUPTED: "its process died before the end",
}
_ABOUT = (("by", "Who"), ("ticket", "Ticket"), ("reason", "Reason"), ("profile", "Profile"), ("api", "At"))
_PROVEN = (StepVerdict.VERIFIED, StepVerdict.ALREADY)


def page(report: Report, entries: Iterable[Facts]) -> str:
    """The whole page. `entries` are the journal's, in its order."""
    lines = [
        f"# Run {code(report.run)}: {report.verdict.value.replace('_', ' ')}",
        "",
        "A reading of the run's journal, which is the record; all times are UTC.",
        "",
        *_head(report),
        *_part("What was proven, and how", _steps(report, is_proven=True), "Nothing."),
        *_part("What was not proven", _steps(report, is_proven=False), "Nothing: every step was proven."),
        *_part(*_left_open(report)),
        *_part("Timeline", timeline(entries), "Nothing is written down."),
    ]
    return "\n".join(lines) + "\n"


def _head(report: Report) -> Iterator[str]:
    yield f"- Servers: {', '.join(code(name) for name in report.servers)}"
    yield f"- Verdict: **{report.verdict.value}**, {_MEANS[report.verdict]}"
    for name, words in _ABOUT:
        if report.extra.get(name):
            yield f"- {words}: {code(str(report.extra[name]))}"
    ended = report.extra.get("finished_at")
    began = report.extra.get("started_at")
    yield f"- Began {code(str(began))}, {f'ended {code(str(ended))}' if ended else 'has no end'}"
    for release in report.extra.get("released_by", ()):
        names = ", ".join(code(name) for name in release["servers"])
        yield f"- Released since: {names} by run {code(release['run'])} at {code(release['at'])}"
    yield f"- Playbook: {code(report.playbook)}, {code(report.playbook_digest)}"
    if mark := report.extra.get("rehearsal"):
        left = ", ".join(code(step) for step in mark["left_out"])
        yield f"- A rehearsal{f', without {left}: others would have felt it' if left else ''}"
    yield f"- Plan: {code(str(report.extra.get('plan_digest')))}"
    yield f"- Journal: head {code(report.journal_head)}"
    yield f"- Signature: {_signature(report.extra.get('signature'))}"


def _signature(said: Facts | None) -> str:
    if said is None or said["state"] != "signed":
        state = f"**{said['state'] if said else 'unsigned'}**"
        return f"{state}, {code(str(said['why']))}" if said and "why" in said else state
    return f"by {code(str(said['signer']))}, key {code(str(said['key']))}"


def _part(title: str, lines: Iterable[str], otherwise: str) -> Iterator[str]:
    said = list(lines)
    yield from ("", f"## {title}", "", *(said or [otherwise]))


def _steps(report: Report, *, is_proven: bool) -> Iterator[str]:
    for step in report.steps:
        if (step.verdict in _PROVEN) is is_proven:
            yield f"- {code(step.id)} **{step.verdict.value}**: {code(step.detail)}"
            yield from _how(step)


def _how(step: StepReport) -> Iterator[str]:
    evidence = step.evidence
    if unknown := evidence.get("before_unknown"):
        yield f"  - before: not known, {code(str(unknown))}"
    elif (before := evidence.get("before")) and "in_force" in before:  # a canary's calls stand there too
        state = "in force already" if before["in_force"] else "not in force"
        yield f"  - before: {state}, seen {code(before['seen_at'])}"
    if said := touching(step, code):
        yield f"  - {said}"
    if step.attempts:
        yield f"  - sent {step.attempts} times" if step.attempts > 1 else "  - sent once"
    if "claimed" in evidence:
        yield "  - the control plane said that it was done, which is a claim and no proof"
    if seen := evidence.get("seen"):
        yield f"  - read back {code(seen['at'])}: {code(seen['says'])}"
    for phase, sighted in evidence.items():
        if isinstance(sighted, dict) and "calls" in sighted:
            yield f"  - {_sighted(phase, sighted)}"
    for trouble in evidence.get("troubles", ()):
        yield f"  - trouble: {code(trouble)}"


def _sighted(phase: str, sighted: Facts) -> str:
    counts = [f"{sighted[word]} {word}" for word in ("executed", "denied", "unclear") if word in sighted]
    span = f"{code(sighted['first_at'])} to {code(sighted['last_at'])}"
    last = code(sighted["last"])
    return f"canary, {code(phase)}: {', '.join(counts)} of {sighted['calls']}, {span}; last {last}"


def _left_open(report: Report) -> tuple[str, Sequence[str], str]:
    """A containment's title, lines, and words for none; or those of what a release left in force."""
    if report.extra.get("direction") != "undo":
        return "Still exposed", _exposed(report), _closed(report)
    left = [
        f"- {code(said['step'])}, {code(said['action'])}: {code(said['why'])}"
        for said in report.extra.get("still_in_force", ())
    ]
    return "Still in force", left, "Nothing that these steps put in force, as far as it was read back."


def _exposed(report: Report) -> Sequence[str]:
    return [
        f"- {code(exposure.what)}, " + (f"until {code(exposure.until)}" if exposure.until else "no known end")
        for exposure in report.remaining_exposure
    ]


def _closed(report: Report) -> str:
    if report.verdict.verdict is Verdict.YES and report.verdict is not RunVerdict.PLANNED:
        return "Nothing that these systems know of; calls already under way may still end."
    return "Nothing is known of."
