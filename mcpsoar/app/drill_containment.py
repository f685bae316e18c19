"""The containment of a drill: what clients that were connected before, during and after it are told."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mcpsoar.app import contain, runs
from mcpsoar.app.drill_ground import CANARY_TOOL, Ground
from mcpsoar.app.drill_outcome import Client
from mcpsoar.app.order import Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import ROLES, Binding, CanaryBinding, Control, Profile
from mcpsoar.core.run import Report
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import RunVerdict, Verdict

if TYPE_CHECKING:
    from mcpsoar.lab.agent import Agent, Said

OFFENDER = "github"
UNTOUCHED = "notes"


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


def contain_and_release(ground: Ground) -> tuple[Report, Report, tuple[Client, ...]]:
    """Both reports, and how every client that was connected before fared at each point."""
    from mcpsoar.lab.stage import ALICE

    lab = ground.stage.lab
    with ExitStack() as stack:
        agents = [
            stack.enter_context(ground.stage.fresh(ALICE, OFFENDER, revision=each.revision, kind=each.kind))
            for each in CONNECTED
        ]
        before = [_try(agent) for agent in agents]
        ground.say(f"containing {OFFENDER}")
        contained = _execute(ground, Direction.APPLY)
        ran = lab.executed(OFFENDER)
        during = [_try(agent) for agent in agents]
        well = contained.verdict is RunVerdict.CONTAINED
        ground.check("containment", _verdicts(contained), holds=well)
        more = lab.executed(OFFENDER) - ran
        ground.check("nothing runs once contained", f"{more} calls ran", holds=more == 0)
        ground.say(f"releasing {OFFENDER}")
        released = _execute(ground, Direction.UNDO)
        after = [_try(agent) for agent in agents]
        ground.check("release", _verdicts(released), holds=released.verdict is RunVerdict.RELEASED)
        with ground.stage.fresh(ALICE, OFFENDER) as agent:
            said = _try(agent)
        ground.check("traffic flows again", _said(said), holds=said.kind == "executed")
    clients = tuple(
        Client(each.label, _said(one), _said(two), _said(three))
        for each, one, two, three in zip(CONNECTED, before, during, after, strict=True)
    )
    _check_clients(ground, clients)
    return contained, released, clients


def verified(ground: Ground, reports: Sequence[Report]) -> dict[str, str]:
    """The journals, checked against the heads that the reports printed: what each run's is."""
    seen: dict[str, str] = {}
    for report in reports:
        check = runs.verify(ground.settings.home, report.run, head=report.journal_head)
        holds = check.verdict is Verdict.YES
        seen[report.run] = "intact" if holds else check.detail
        ground.check(f"journal of {report.run}", check.detail, holds=holds)
    return seen


def _check_clients(ground: Ground, clients: Sequence[Client]) -> None:
    for each, client in zip(CONNECTED, clients, strict=True):
        points = (client.before, client.contained, client.released)
        fared = tuple(said.partition(":")[0] for said in points)
        wanted = ("executed", "refused", each.after)
        ground.check(f"client of before ({each.label})", "; ".join(points), holds=fared == wanted)


def _execute(ground: Ground, direction: Direction) -> Report:
    order = Order(
        servers=(OFFENDER,),
        direction=direction,
        reason="drill: an unapproved write was executed",
        ticket="DRILL-1",
    )
    settings = ground.settings
    return contain.execute(
        order,
        profile=_profile(ground),
        home=settings.home,
        pack=settings.pack,
        clock=settings.clock,
        say=settings.say,
    )


def _profile(ground: Ground) -> Profile:
    lab = ground.stage.lab
    binding = Binding("reference", lab.url, Secret(lab.token))
    canary = CanaryBinding(
        url=f"{lab.url}/mcp/{{server}}",
        tool=ground.settings.canary_tool,
        arguments={},
        token=Secret(ground.stage.canary_token(OFFENDER)),
        control=Control(
            UNTOUCHED, "summarize", {"text": "canary"}, Secret(ground.stage.canary_token(UNTOUCHED))
        ),
        hold_s=ground.settings.hold_s,
        every_s=ground.settings.every_s,
    )
    return Profile("drill", dict.fromkeys(ROLES, binding), canary, "the embedded lab")


def _try(agent: "Agent") -> "Said":
    return agent.call(CANARY_TOOL, {})


def _verdicts(report: Report) -> str:
    return f"{report.verdict}: " + "; ".join(f"{step.id} {step.verdict}" for step in report.steps)


def _said(said: "Said") -> str:
    return f"{said.kind}: {said.text[:120]}" if said.kind != "executed" else "executed"
