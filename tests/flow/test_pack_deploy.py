"""Packs deployed to servers that behave as Splunk's and Elastic's APIs are documented."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app.deploying import NOTHING
from mcpsoar.core.errors import Indeterminate, Malformed, Unreachable, Unsupported
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.retry import Bounds
from mcpsoar.siems.deploy.plan import EditPolicy, Plan
from mcpsoar.siems.deploy.run import End, Outcome
from mcpsoar.siems.deploy.steps import Action, What
from mcpsoar.siems.objects import Item
from tests.siems import faults
from tests.siems.disk import no_waiting_for_the_disk
from tests.siems.sites import SITES, Site

__all__ = ["no_waiting_for_the_disk"]  # a fixture

ONCE = Bounds(attempts=1, seconds=5.0)


@pytest.fixture(params=sorted(SITES))
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    # in Splunk what is made is its maker's own until it is shared: a second call
    with SITES[request.param](tmp_path / "home", private=True, owner="svc") as made:
        yield made


def plan(site: Site, items: tuple[Item, ...], policy: EditPolicy = NOTHING) -> Plan:
    with site.place() as place:
        return place.plan(items, policy)


def apply(
    site: Site,
    items: tuple[Item, ...],
    policy: EditPolicy = NOTHING,
    bounds: Bounds | None = None,
) -> tuple[tuple[Outcome, ...], Verdict]:
    more: dict[str, Any] = {"bounds": bounds} if bounds else {}
    with site.place() as place:
        _, outcomes, verdict = place.apply(items, policy, say=site.said.append, **more)
        return outcomes, verdict


def actions(made: Plan) -> dict[str, Action]:
    return {step.item.name: step.action for step in made.steps if step.action is not Action.NONE}


def drift(made: Plan, name: str) -> list[tuple[str, What]]:
    return [
        (key.key, key.what)
        for step in made.steps
        if step.item.name == name
        for key in step.keys
        if key.what is not What.KEPT
    ]


def stable(there: Mapping[Any, Any]) -> Any:
    """What a server holds, without what it counts by itself."""
    counted = ("revision", "_version", "_seq_no")

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): bare(inner) for key, inner in value.items() if key not in counted}
        return [bare(inner) for inner in value] if isinstance(value, list) else value

    return bare(deepcopy(dict(there)))


def test_a_plan_applied_leaves_nothing_to_do(site: Site) -> None:
    first = plan(site, site.old)
    assert set(actions(first).values()) == {Action.CREATE}
    assert not site.faults.writes()
    outcomes, verdict = apply(site, site.old)
    assert verdict is Verdict.YES, outcomes
    assert {outcome.end for outcome in outcomes} == {End.DONE}
    assert actions(plan(site, site.old)) == {}
    site.faults.calls.clear()
    before = (site.home / "packs").stat().st_mtime_ns
    assert apply(site, site.old) == ((), Verdict.YES)
    assert not site.faults.writes()
    assert (site.home / "packs").stat().st_mtime_ns == before  # nothing was written down either


def test_an_upgrade_changes_what_differs_and_removes_what_is_no_more(site: Site) -> None:
    apply(site, site.old)
    made = actions(plan(site, site.new))
    assert [name for name, action in made.items() if action is Action.DELETE] != []
    outcomes, verdict = apply(site, site.new)
    assert verdict is Verdict.YES, outcomes
    assert actions(plan(site, site.new)) == {}
    assert "retired" not in str(stable(site.there()))
    # and back again
    assert apply(site, site.old)[1] is Verdict.YES
    assert actions(plan(site, site.old)) == {}


@pytest.mark.parametrize(
    ("site", "how"),
    [
        *((siem, how) for siem in sorted(SITES) for how in (faults.BEFORE, faults.AFTER, faults.NOWHERE)),
        ("splunk", faults.BUSY),
        ("splunk", faults.CUT),
    ],
    indirect=["site"],
)
@pytest.mark.parametrize("is_upgrade", [False, True], ids=["new", "upgrade"])
def test_a_server_that_fails_at_any_call_is_finished_by_the_next_apply(
    site: Site, how: str, *, is_upgrade: bool
) -> None:
    """For every call of an apply: nothing is lost and nothing doubled."""
    items, home = site.few(site.old), site.home
    if is_upgrade:
        apply(site, items)
        items = site.few(site.new)
    held = site.fake.held()
    site.start(held, home, "whole")
    apply(site, items)
    calls, end = len(site.faults.calls), stable(site.there())
    assert calls > len(items)
    for at in range(1, calls + 1):
        site.start(held, home, f"{how}-{at}")
        site.faults.set(at, how, often=10_000 if how == faults.NOWHERE else 1)
        verdict = quietly(site, items)
        site.faults.set(0, how)
        # a write that met a 404 is refused; so is a rule whose list could not be made
        refused = "the exception list" in "".join(site.said) or how == faults.NOWHERE
        assert verdict is not Verdict.NO or refused, at
        assert apply(site, items)[1] is Verdict.YES, (at, site.said)
        assert stable(site.there()) == end, at


def quietly(site: Site, items: tuple[Item, ...]) -> Verdict:
    """One try for each call. A look before the first write that fails ends it: nothing was sent."""
    try:
        return apply(site, items, bounds=ONCE)[1]
    except (Indeterminate, Unreachable, Malformed, Unsupported):
        assert not site.faults.writes()
        return Verdict.CANNOT_TELL
