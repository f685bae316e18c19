"""The drill: the whole main job, played for real on the embedded lab and judged row by row."""

import json
from dataclasses import replace
from pathlib import Path

from mcpsoar.app import drill_containment as containment
from mcpsoar.app import drill_traffic as traffic
from mcpsoar.app.drill_ground import Ground, Settings
from mcpsoar.app.drill_outcome import Outcome, facts
from mcpsoar.app.drill_table import ROWS
from mcpsoar.app.report import document
from mcpsoar.app.watch import Look
from mcpsoar.kit.clock import stamp


def drill(settings: Settings) -> Outcome:
    """Play it all and judge it; writes the log, the findings and the report below `settings.home`."""
    from mcpsoar.lab.agent import Agents
    from mcpsoar.lab.embedded import lab
    from mcpsoar.lab.stage import Stage

    with lab(settings.home / "lab") as the_lab, Agents() as agents:
        if settings.weakness:
            the_lab.weaken(settings.weakness)
        return _run(Ground(settings, Stage(the_lab, agents)))


def _run(ground: Ground) -> Outcome:
    clock = ground.settings.clock
    started = clock.monotonic()
    started_at = stamp(clock.now())
    ground.say(f"lab is up at {ground.stage.lab.url}")
    quiet = traffic.benign(ground)
    quiet_log = ground.log.read_bytes()
    attacks = tuple(traffic.attack(ground, row, quiet_log) for row in ROWS)
    ground.say("asking rules and gates about the whole log")
    whole = ground.look(ground.log)
    raised = traffic.raised(ground, whole)
    contained, released, clients = containment.contain_and_release(ground)
    journals = containment.verified(ground, (contained, released))
    outcome = Outcome(
        started_at=started_at,
        seconds=clock.monotonic() - started,
        url=ground.stage.lab.url,
        quiet=quiet,
        attacks=attacks,
        raised=raised,
        contained=contained,
        clients=clients,
        released=released,
        journals=journals,
        checks=tuple(ground.checks),
        files={},
    )
    return _written(ground, outcome, whole)


def _written(ground: Ground, outcome: Outcome, whole: Look) -> Outcome:
    home = ground.settings.home
    files = {
        "log": str(ground.log),
        "findings": str(home / "findings.json"),
        "report": str(home / "report.json"),
        "containment": str(home / "containment.json"),
        "runs": str(home / "runs"),
    }
    outcome = replace(outcome, files=files)
    findings = [
        {
            "rule": finding.rule,
            "title": finding.title,
            "level": finding.level,
            "count": finding.count,
            "evidence": list(finding.evidence),
            "not_evaluable": list(finding.lacks),
            "failed": finding.failed or None,
        }
        for finding in whole.findings
    ]
    _write(files["findings"], findings)
    _write(files["report"], facts(outcome))
    _write(files["containment"], document(outcome.contained))
    return outcome


def _write(path: str, value: object) -> None:
    Path(path).write_text(json.dumps(value, indent=2) + "\n")
