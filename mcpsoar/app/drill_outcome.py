"""What a drill saw, as values and as the one document of `--format json`."""

from dataclasses import dataclass

from mcpsoar.app.drill_table import Row
from mcpsoar.app.report import document
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.finding import Page
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import stamp_ms


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; `name` is what a failing drill names, `saw` what was there instead."""

    name: str
    holds: bool
    saw: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """Benign traffic and what rules and gates made of it; `rules` fired, `gates` paged."""

    calls: int
    actors: int
    servers: int
    seconds: float
    rules: tuple[str, ...]
    gates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """One attack, judged on benign traffic and its own events alone."""

    row: Row
    story: str
    events: int
    rules: tuple[str, ...]
    gates: tuple[str, ...]
    decision: str
    check: Check


@dataclass(frozen=True, slots=True)
class Raised:
    """A page with the people and calls behind its evidence: `who` is one line per actor, server and tool."""

    page: Page
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """A client that was connected before the containment, and how it fared at each point."""

    name: str
    before: str
    contained: str
    released: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole drill. It passed when every check holds."""

    started_at: str
    seconds: float
    url: str
    quiet: Quiet
    attacks: tuple[Played, ...]
    raised: tuple[Raised, ...]
    contained: Report
    clients: tuple[Client, ...]
    released: Report
    journals: Facts
    checks: tuple[Check, ...]
    files: Facts

    @property
    def failures(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.holds)

    @property
    def verdict(self) -> Verdict:
        return Verdict.NO if self.failures else Verdict.YES


def facts(outcome: Outcome) -> Json:
    """The document of `drill --format json`."""
    quiet = outcome.quiet
    return {
        "verdict": "failed" if outcome.failures else "passed",
        "failures": [check.name for check in outcome.failures],
        "started_at": outcome.started_at,
        "seconds": round(outcome.seconds, 1),
        "lab": outcome.url,
        "benign": {
            "calls": quiet.calls,
            "actors": quiet.actors,
            "servers": quiet.servers,
            "seconds": round(quiet.seconds, 1),
            "rules_fired": list(quiet.rules),
            "gates_paged": list(quiet.gates),
        },
        "attacks": [_attack(played) for played in outcome.attacks],
        "pages": [_page(raised) for raised in outcome.raised],
        "containment": document(outcome.contained),
        "clients": [
            {
                "client": client.name,
                "before": client.before,
                "contained": client.contained,
                "released": client.released,
            }
            for client in outcome.clients
        ],
        "release": document(outcome.released),
        "journals": dict(outcome.journals),
        "checks": [{"name": check.name, "holds": check.holds, "saw": check.saw} for check in outcome.checks],
        "files": dict(outcome.files),
    }


def _attack(played: Played) -> Json:
    row = played.row
    return {
        "attack": row.attack,
        "story": played.story,
        "events": played.events,
        "expected": {
            "rule": row.rules[0],
            "rules": list(row.rules),
            "gate": row.gate,
            "decision": row.decision,
        },
        "seen": {
            "rules": list(played.rules),
            "gates": list(played.gates),
            "decision": played.decision,
        },
        "holds": played.check.holds,
    }


def _page(raised: Raised) -> Json:
    page = raised.page
    return {
        "dedup_key": page.dedup_key,
        "gate": page.gate,
        "title": page.title,
        "severity": page.severity,
        "owner": page.owner,
        "at": stamp_ms(page.at_ms),
        "summary": page.summary,
        "subjects": list(page.subjects),
        "who": list(raised.who),
        "evidence": list(page.evidence),
        "runbook": list(page.runbook),
    }
