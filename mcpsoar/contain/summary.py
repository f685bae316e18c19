"""The report of a run, from its journal alone: the same words at its end, after a crash and a year later."""

from mcpsoar.contain.ledger import STILL, Ledger, StepState, baseline_facts
from mcpsoar.contain.plan import CANARY
from mcpsoar.core.digest import Facts
from mcpsoar.core.plan import Direction, Undo
from mcpsoar.core.profile import BY_API
from mcpsoar.core.run import Exposure, Passage, Report, StepReport
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict, worst

_APPLIED = {
    Verdict.YES: RunVerdict.CONTAINED,
    Verdict.NO: RunVerdict.NOT_CONTAINED,
    Verdict.CANNOT_TELL: RunVerdict.UNVERIFIED,
}
_UNDONE = {
    Verdict.YES: RunVerdict.RELEASED,
    Verdict.NO: RunVerdict.NOT_RELEASED,
    Verdict.CANNOT_TELL: RunVerdict.UNVERIFIED,
}


def judged(ledger: Ledger) -> RunVerdict:
    """What a run that has come to its end amounts to."""
    if ledger.is_dry:
        return RunVerdict.PLANNED
    answers = [state.verdict.verdict for state in ledger.steps.values() if state.verdict]
    folded = worst(answer for answer in answers if answer is not None)
    if ledger.direction is Direction.UNDO:
        return RunVerdict.RELEASED if _is_void(ledger) else _UNDONE[folded]
    is_exposed = any(not one.is_beside for one in exposures(ledger))
    if folded is Verdict.YES and is_exposed and not _all_refused(ledger):
        # a token that outlives its revocation is harmless only where the data plane was seen to refuse
        return RunVerdict.UNVERIFIED
    return _APPLIED[folded]


def _is_void(ledger: Ledger) -> bool:
    """Whether a release had nothing to send: for none of its steps there is a way back, or what it let go is
    needed by others.
    """
    states = ledger.steps.values()
    return bool(states) and all(
        state.verdict is StepVerdict.SKIPPED
        and (state.step.undo is Undo.NONE or state.detail.startswith(STILL))
        for state in states
    )


def exposures(ledger: Ledger) -> tuple[Exposure, ...]:
    """What is still open: first what no step is known to have closed, then what was seen last."""
    if ledger.direction is Direction.UNDO:
        return ()
    states = ledger.steps.values()
    found = [Exposure(_open(state), None) for state in states if not (ledger.is_dry or _is_closed(state))]
    found += [exposure for state in states if state.seen for exposure in state.seen.exposures]
    return tuple(dict.fromkeys(found))


def _beyond(ledger: Ledger) -> tuple[Exposure, ...]:
    """What a playbook does not aim at: one of shared steps alone leaves its servers at work, and says so."""
    if ledger.direction is Direction.UNDO or ledger.is_dry:
        return ()
    left = set(ledger.servers) - {state.step.server for state in ledger.steps.values()}
    words = "calls to {} that do not write: this playbook does not end them"
    return tuple(Exposure(words.format(name), None) for name in sorted(left))


def still_in_force(ledger: Ledger) -> list[dict[str, str | None]]:
    """What a release left in force: {step, server, action, why} for each step that is known to be; what
    is everybody's last.
    """
    found = []
    for state in ledger.steps.values():
        if state.step.undo is not Undo.NONE and (why := _why_left(ledger, state)) is not None:
            step = state.step
            found.append({"step": step.id, "server": step.server, "action": step.action, "why": why})
    return sorted(found, key=lambda left: left["server"] is None)


def _why_left(ledger: Ledger, state: StepState) -> str | None:
    if state.verdict not in (StepVerdict.VERIFIED, StepVerdict.ALREADY, StepVerdict.SKIPPED):
        return None
    if state.seen is not None and state.seen.verdict is Verdict.YES:
        was = ledger.baselines.get(state.step.id)
        return "as before the run" if was is not None and was.in_force else None
    if state.baseline is not None:
        return "not by these runs" if state.baseline.in_force else None
    return state.detail.removeprefix(STILL) if state.detail.startswith(STILL) else None


def _is_closed(state: StepState) -> bool:
    """A step that its condition skipped closed nothing: only a canary can tell whether that matters."""
    return state.verdict is not None and state.verdict.verdict is Verdict.YES


def _open(state: StepState) -> str:
    server, action = state.step.server, state.step.action
    known = {
        "registry.disable": f"{server} not known to be disabled in the registry",
        "tokens.stop_issuance": f"new tokens for {server} not known to be stopped",
        "tokens.stop_issuance_principal": f"new tokens for {server} not known to be stopped",
        "tokens.revoke": f"tokens of {server} not known to be revoked",
        "registry.disable_tool": f"{server} not known to be disabled in the registry",
        "tokens.revoke_principal": f"tokens of {server} not known to be revoked",
        "policy.force_write_approval": "writes not known to need approval",
        CANARY: f"calls to {server} not known to be refused",
    }
    return known.get(action, f"{server or 'everything'}, {action} not known to be in force")


def place(ledger: Ledger) -> dict[str, str]:
    """The option that names a run's control plane: `api` or `profile`; neither when nothing was bound."""
    name = ledger.about.get("profile")
    if not ledger.bindings or not isinstance(name, str):
        return {}
    by_api = ledger.bindings.values() if name == BY_API else ()
    places = {bound["url"] for bound in by_api if "url" in bound}
    return {"api": places.pop()} if len(places) == 1 else {"profile": name}


def report(ledger: Ledger, *, path: str, head: str, is_live: bool) -> Report:
    """The report as of the journal's last line."""
    verdict = ledger.verdict or (RunVerdict.RUNNING if is_live else RunVerdict.INTERRUPTED)
    return Report(
        run=ledger.run,
        playbook=ledger.playbook,
        playbook_digest=ledger.playbook_digest,
        servers=ledger.servers,
        verdict=verdict,
        steps=tuple(_step(state) for state in ledger.steps.values()),
        remaining_exposure=(*exposures(ledger), *_beyond(ledger)),
        journal_path=path,
        journal_head=head,
        extra={
            "direction": ledger.direction.value,
            "plan_digest": ledger.plan_digest,
            "started_at": ledger.started_at,
            "finished_at": ledger.ended_at,
            **{name: said for name, said in ledger.about.items() if said is not None},
            **place(ledger),
            **({"still_in_force": still_in_force(ledger)} if ledger.direction is Direction.UNDO else {}),
        },
    )


def _all_refused(ledger: Ledger) -> bool:
    probes = [state for state in ledger.steps.values() if state.step.action == CANARY]
    is_proven = all(state.verdict is StepVerdict.VERIFIED for state in probes)
    return is_proven and {state.step.server for state in probes} >= set(ledger.servers)


def _step(state: StepState) -> StepReport:
    return StepReport(
        id=state.step.id,
        server=state.step.server,
        action=state.step.action,
        verdict=state.verdict or StepVerdict.CANNOT_TELL,
        attempts=state.intents,
        started_at=state.started_at,
        finished_at=state.finished_at,
        detail=state.detail or _unfinished(state),
        evidence=_sighted(state) if state.step.action == CANARY else _evidence(state),
        affects=state.affects,
    )


def _unfinished(state: StepState) -> str:
    if state.intents:
        return "a change was promised and may have been made; how it ended is not written down"
    return "not begun"


def _evidence(state: StepState) -> Facts:
    found: dict[str, object] = {"before": baseline_facts(state.baseline)}
    if state.has_no_target:
        found["unknown_server"] = True
    elif state.unknown_because is not None:
        found["before_unknown"] = state.unknown_because
    if state.effect is not None:
        found["claimed"] = state.effect
    if state.seen is not None:
        found["seen"] = {"at": state.seen.seen_at, "says": state.seen.detail, "facts": state.seen.facts}
    if state.intents:
        found["may_have_acted"] = state.may_have_acted
    if state.troubles:
        found["troubles"] = list(state.troubles)
    if state.keys:
        found["idempotency_keys"] = list(state.keys)
    return found


def _sighted(state: StepState) -> Facts:
    found: dict[str, object] = {}
    for phase, sights in state.sightings.items():
        counts = {
            passage.value: sum(sight.passage is passage for sight in sights)
            for passage in Passage
            if any(sight.passage is passage for sight in sights)
        }
        found[phase] = {
            "calls": len(sights),
            **counts,
            "first_at": sights[0].seen_at,
            "last_at": sights[-1].seen_at,
            "last": sights[-1].detail,
        }
    return found
