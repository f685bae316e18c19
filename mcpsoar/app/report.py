"""The report of a run as the JSON document that scripts rely on."""

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.run import Report, StepReport


def document(report: Report) -> Json:
    """Plain JSON values. More keys may come, none goes."""
    return {
        "run": report.run,
        "playbook": report.playbook,
        "playbook_digest": report.playbook_digest,
        "servers": list(report.servers),
        "verdict": report.verdict.value,
        "steps": [_step(step) for step in report.steps],
        "remaining_exposure": [
            {"what": exposure.what, "until": exposure.until} for exposure in report.remaining_exposure
        ],
        "journal": {"path": report.journal_path, "head": report.journal_head},
        **report.extra,
    }


def _step(step: StepReport) -> Facts:
    return {
        "id": step.id,
        "server": step.server,
        "action": step.action,
        "verdict": step.verdict.value,
        "attempts": step.attempts,
        "started_at": step.started_at,
        "finished_at": step.finished_at,
        "detail": step.detail,
        "evidence": step.evidence,
        "affects": step.affects,
    }
