"""Plans, runs and drift of a deployment as JSON."""

from collections.abc import Callable, Sequence

from mcpsoar.app.deploying import Place
from mcpsoar.core.digest import Facts
from mcpsoar.core.verdict import Verdict
from mcpsoar.siems.deploy.plan import Plan, document
from mcpsoar.siems.deploy.run import Outcome
from mcpsoar.siems.deploy.steps import Action, Step

_APPLIED = {Verdict.YES: "applied", Verdict.NO: "not_applied", Verdict.CANNOT_TELL: "unverified"}


def planned(place: Place, plan: Plan) -> Facts:
    """Every step that is not just as it should be; `counts` has those too."""
    is_idle = not any(step.is_sent for step in plan.steps)
    verdict = "conflicts" if plan.in_conflict else "nothing_to_do" if is_idle else "changes"
    return _whole(place, plan, verdict, _is_told)


def applied(place: Place, plan: Plan, outcomes: Sequence[Outcome], verdict: Verdict) -> Facts:
    """The same with the end of each step that sent something."""
    ends = [
        {
            "kind": outcome.step.item.kind,
            "name": outcome.step.item.name,
            "action": outcome.step.action.value,
            "end": outcome.end.value,
            "detail": outcome.detail,
        }
        for outcome in outcomes
    ]
    whole = _whole(place, plan, _APPLIED[verdict], _is_told)
    return {**whole, "outcomes": ends}


def drift(place: Place, plan: Plan) -> Facts:
    """Every object that somebody edited, switched or deleted there."""
    is_drift = plan.drifted or plan.in_conflict or plan.is_switched
    verdict = "drift" if is_drift else "no_drift"
    return _whole(place, plan, verdict, lambda step: step.drifted or step.in_conflict or step.is_switched)


def _is_told(step: Step) -> bool:
    return step.action is not Action.NONE or step.is_off or step.is_switched


def _whole(place: Place, plan: Plan, verdict: str, is_shown: Callable[[Step], bool]) -> Facts:
    actions = [step.action.value for step in plan.steps]
    return {
        "siem": place.siem,
        "profile": place.profile,
        "place": plan.place,
        "plan": plan.digest,
        "verdict": verdict,
        "counts": {action.value: actions.count(action.value) for action in Action},
        "steps": [
            {**document(step), "drifted": step.drifted, "in_conflict": step.in_conflict}
            for step in plan.steps
            if is_shown(step)
        ],
    }
