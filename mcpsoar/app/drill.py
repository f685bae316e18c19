"""The drill: the whole main job, played for real on the embedded lab and judged row by row."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mcpsoar.app import contain, runs, watch
from mcpsoar.app.contain import Order
from mcpsoar.app.drill_outcome import Check, Client, Outcome, Played, Quiet, Raised, facts
from mcpsoar.app.drill_table import ROWS, Row
from mcpsoar.app.report import document
from mcpsoar.app.watch import Look
from mcpsoar.core.finding import Page
from mcpsoar.core.plan import Direction
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import ROLES, Binding, CanaryBinding, Profile
from mcpsoar.core.run import Report
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import RunVerdict, Verdict
from mcpsoar.kit.clock import now_ms, stamp

if TYPE_CHECKING:
    from mcpsoar.lab.agent import Agent, Said
    from mcpsoar.lab.stage import Stage

OFFENDER = "github"
CANARY_TOOL = "list_issues"
_WHO = 5


@dataclass(frozen=True, slots=True)
class Connected:
    """A client that was connected before the containment; `after` is how it fares after the release.

    A self-contained token outlives its revocation, so only the registry can refuse it meanwhile; a revoked
    opaque token does not come back.
    """

    label: str
    revision: Literal["newest", "session"]
    kind: Literal["opaque", "jwt"]
    after: str


CONNECTED = (
    Connected("newest revision, JWT", "newest", "jwt", "executed"),
    Connected("old session, JWT", "session", "jwt", "executed"),
    Connected("newest, opaque token", "newest", "opaque", "refused"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """`home` holds everything the drill writes. `hold_s` is how long denials must last, `every_s` apart.

    `weakness` (registry or tokens) switches one of the lab's controls off, and `canary_tool` may name a tool
    that is not there: a drill that cannot fail proves nothing.
    """

    home: Path
    pack: Path
    clock: Clock
    say: Callable[[str], None]
    hold_s: float = 3.0
    every_s: float = 0.5
    weakness: str | None = None
    canary_tool: str = CANARY_TOOL


def drill(settings: Settings) -> Outcome:
    """Play it all and judge it; writes the log, the findings and the report below `settings.home`."""
    from mcpsoar.lab.agent import Agents
    from mcpsoar.lab.embedded import lab
    from mcpsoar.lab.stage import Stage

    with lab(settings.home / "lab") as the_lab, Agents() as agents:
        if settings.weakness:
            the_lab.weaken(settings.weakness)
        return _Drill(settings, Stage(the_lab, agents)).run()


class _Drill:
    def __init__(self, settings: Settings, stage: "Stage") -> None:
        self._settings = settings
        self._clock = settings.clock
        self._say = settings.say
        self._stage = stage
        self._log = stage.lab.audit_log
        self._home = settings.home
        self._started = self._clock.monotonic()
        self._checks: list[Check] = []

    def run(self) -> Outcome:
        started_at = stamp(self._clock.now())
        self._say(f"lab is up at {self._stage.lab.url}")
        quiet = self._benign()
        benign = self._log.read_bytes()
        attacks = tuple(self._attack(row, benign) for row in ROWS)
        self._say("asking rules and gates about the whole log")
        whole = self._look(self._log)
        raised = self._raised(whole)
        contained, released, clients = self._contain_and_release()
        journals = self._verified((contained, released))
        outcome = Outcome(
            started_at=started_at,
            seconds=self._clock.monotonic() - self._started,
            url=self._stage.lab.url,
            quiet=quiet,
            attacks=attacks,
            raised=raised,
            contained=contained,
            clients=clients,
            released=released,
            journals=journals,
            checks=tuple(self._checks),
            files={},
        )
        return self._written(outcome, whole)

    # traffic

    def _benign(self) -> Quiet:
        from mcpsoar.lab.traffic import benign

        self._say("benign traffic: several actors over several servers")
        start = self._clock.monotonic()
        calls = benign(self._stage)
        took_s = self._clock.monotonic() - start
        look = self._look(self._log)
        rows = _lines(self._log.read_bytes())
        quiet = Quiet(
            calls=calls,
            actors=len({row.get("actor_id") for row in rows}),
            servers=len({row.get("server_name") for row in rows}),
            seconds=took_s,
            rules=tuple(finding.rule for finding in look.findings if finding.count),
            gates=tuple(page.gate for page in look.pages),
        )
        self._check("benign: no gate pages", not quiet.gates, f"paged: {_names(quiet.gates)}")
        self._check("benign: no rule fires", not quiet.rules, f"fired: {_names(quiet.rules)}")
        self._say(f"{calls} benign calls in {took_s:.1f} s: {len(quiet.gates)} pages")
        return quiet

    def _attack(self, row: Row, benign: bytes) -> Played:
        """Play one attack and judge it on the benign log and its own events."""
        from mcpsoar.lab.attacks import ATTACKS

        attack = ATTACKS[row.attack]
        self._say(f"attack: {row.attack}: {attack.story}")
        before = self._log.stat().st_size
        attack.play(self._stage)
        own = self._log.read_bytes()[before:]
        part = self._home / "attacks" / f"{row.attack}.ndjson"
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(benign + own)
        look = self._look(part)
        lines = _lines(own)
        ids = {line.get("event_id") for line in lines}
        fired = tuple(
            finding.rule for finding in look.findings if finding.count and ids.intersection(finding.evidence)
        )
        paged = tuple(page.gate for page in look.pages)
        decision = str(lines[-1].get("decision")) if lines else "no event"
        expected = () if row.gate is None else (row.gate,)
        check = self._check(
            f"attack {row.attack}",
            row.rule in fired and paged == expected and decision == row.decision,
            f"rules: {_names(fired)}; gates: {_names(paged)}; decision: {decision}",
        )
        return Played(row, attack.story, len(lines), fired, paged, decision, check)

    # pages

    def _raised(self, whole: Look) -> tuple[Raised, ...]:
        by_id = {line.get("event_id"): line for line in _lines(self._log.read_bytes())}
        raised = tuple(Raised(page, _who(page, by_id)) for page in whole.pages)
        expected = {row.gate for row in ROWS if row.gate}
        paged = {page.gate for page in whole.pages}
        self._check("whole log: the pages", paged == expected, f"paged: {_names(sorted(paged))}")
        return raised

    # containment

    def _contain_and_release(self) -> tuple[Report, Report, tuple[Client, ...]]:
        from mcpsoar.lab.stage import ALICE

        lab = self._stage.lab
        with ExitStack() as stack:
            agents = [
                stack.enter_context(
                    self._stage.fresh(ALICE, OFFENDER, revision=each.revision, kind=each.kind)
                )
                for each in CONNECTED
            ]
            before = [self._try(agent) for agent in agents]
            self._say(f"containing {OFFENDER}")
            contained = self._execute(Direction.APPLY)
            ran = lab.executed(OFFENDER)
            during = [self._try(agent) for agent in agents]
            self._check("containment", contained.verdict is RunVerdict.CONTAINED, _verdicts(contained))
            more = lab.executed(OFFENDER) - ran
            self._check("nothing runs once contained", more == 0, f"{more} calls ran")
            self._say(f"releasing {OFFENDER}")
            released = self._execute(Direction.UNDO)
            after = [self._try(agent) for agent in agents]
            self._check("release", released.verdict is RunVerdict.RELEASED, _verdicts(released))
            with self._stage.fresh(ALICE, OFFENDER) as agent:
                said = self._try(agent)
            self._check("traffic flows again", said.kind == "executed", _said(said))
        clients = tuple(
            Client(each.label, _said(one), _said(two), _said(three))
            for each, one, two, three in zip(CONNECTED, before, during, after, strict=True)
        )
        for each, client in zip(CONNECTED, clients, strict=True):
            fared = tuple(
                said.partition(":")[0] for said in (client.before, client.contained, client.released)
            )
            self._check(
                f"client of before ({each.label})",
                fared == ("executed", "refused", each.after),
                "; ".join((client.before, client.contained, client.released)),
            )
        return contained, released, clients

    def _execute(self, direction: Direction) -> Report:
        order = Order(
            servers=(OFFENDER,),
            direction=direction,
            reason="drill: an unapproved write was executed",
            ticket="DRILL-1",
        )
        return contain.execute(
            order,
            profile=self._profile(),
            home=self._home,
            pack=self._settings.pack,
            clock=self._clock,
            say=self._say,
        )

    def _profile(self) -> Profile:
        lab = self._stage.lab
        binding = Binding("reference", lab.url, Secret(lab.token))
        canary = CanaryBinding(
            url=f"{lab.url}/mcp/{{server}}",
            tool=self._settings.canary_tool,
            arguments={},
            token=Secret(self._stage.canary_token(OFFENDER)),
            hold_s=self._settings.hold_s,
            every_s=self._settings.every_s,
        )
        return Profile("drill", dict.fromkeys(ROLES, binding), canary, "the embedded lab")

    def _try(self, agent: "Agent") -> "Said":
        return agent.call(CANARY_TOOL, {})

    def _verified(self, reports: Sequence[Report]) -> dict[str, str]:
        """Both journals, checked against the heads that the reports printed."""
        seen: dict[str, str] = {}
        for report in reports:
            check = runs.verify(self._home, report.run, head=report.journal_head)
            holds = check.verdict is Verdict.YES
            seen[report.run] = "intact" if holds else check.detail
            self._check(f"journal of {report.run}", holds, check.detail)
        return seen

    # the end

    def _written(self, outcome: Outcome, whole: Look) -> Outcome:
        files = {
            "log": str(self._log),
            "findings": str(self._home / "findings.json"),
            "report": str(self._home / "report.json"),
            "containment": str(self._home / "containment.json"),
            "runs": str(self._home / "runs"),
        }
        outcome = replace(outcome, files=files)
        findings = [
            {
                "rule": finding.rule,
                "title": finding.title,
                "level": finding.level,
                "count": finding.count,
                "evidence": list(finding.evidence),
            }
            for finding in whole.findings
        ]
        _write(files["findings"], findings)
        _write(files["report"], facts(outcome))
        _write(files["containment"], document(outcome.contained))
        return outcome

    def _look(self, log: Path) -> Look:
        return watch.look(
            [str(log)],
            pack=self._settings.pack,
            with_rules=True,
            now_ms=now_ms(self._clock),
        )

    def _check(self, name: str, holds: bool, saw: str) -> Check:  # noqa: FBT001 (the claim itself)
        check = Check(name, holds, saw)
        self._checks.append(check)
        if not holds:
            self._say(f"DOES NOT HOLD: {name}: {saw}")
        return check


def _lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines() if line.strip()]


def _who(page: Page, by_id: dict[Any, dict[str, Any]]) -> tuple[str, ...]:
    """Who did what where and when it was last seen, most frequent first, from the page's evidence."""
    seen: dict[str, list[str]] = {}
    for event in page.evidence:
        line = by_id.get(event, {})
        actor = line.get("actor_id") or "nobody known"
        deed = line.get("tool_name") or line.get("method") or line.get("event_kind") or "a call"
        words = f"{actor} · {line.get('server_name')} · {deed} · {line.get('decision')}"
        seen.setdefault(words, []).append(str(line.get("event_time")))
    ranked = sorted(seen.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(f"{words} × {len(times)}, last {max(times)}" for words, times in ranked[:_WHO])


def _verdicts(report: Report) -> str:
    return f"{report.verdict}: " + "; ".join(f"{step.id} {step.verdict}" for step in report.steps)


def _said(said: "Said") -> str:
    return f"{said.kind}: {said.text[:120]}" if said.kind != "executed" else "executed"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _write(path: str, value: object) -> None:
    Path(path).write_text(json.dumps(value, indent=2) + "\n")
