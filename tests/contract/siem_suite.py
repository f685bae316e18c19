"""The suite that every SIEM's plug-in passes: what it says of itself, what it builds, and how it is deployed.

A plug-in from outside the project uses it like this, in a test module of its own (the checkout's root on the
path, `pip install mcpsoar[lab]` for the server):

    from tests.contract.siem_suite import SiemSuite
    from tests.siems.site import Site

    class TestMine(SiemSuite):
        @pytest.fixture
        def site(self, tmp_path): ...
            yield Site(...)

The server of a `Site` behaves as the SIEM's API is documented, and lets `tests.siems.faults.Faults` break its
calls. What the suite demands, in the words of the ports (`siems.asked.Siem`, `siems.deploy.live.Live`):

- its own options and keys are names that are free, and their defaults are among their choices;
- the same content gives the same bytes, under paths within the folder, and objects of kinds that it deploys;
- a plan sends nothing; applied, it leaves nothing to do; an upgrade changes what differs, and deletes;
- a call that fails, at any place, before or after it was processed, is finished by the next apply;
- an analyst's edit is drift, and kept until it is to be overwritten; a lost memory overwrites nothing;
- one who may not look is told so, and the token is in nothing that is written or said.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import click
import pytest

from mcpsoar.app.deploying import NOTHING
from mcpsoar.cli.pack import build
from mcpsoar.core.errors import Denied, Indeterminate, Malformed, Unreachable, Unsupported
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.retry import Bounds
from mcpsoar.siems import asked, installed
from mcpsoar.siems.asked import Content, Options
from mcpsoar.siems.deploy.plan import EditPolicy, Plan
from mcpsoar.siems.deploy.run import End, Outcome
from mcpsoar.siems.deploy.steps import Action
from mcpsoar.siems.objects import Item
from tests.siems import faults
from tests.siems.site import Site

ROOT = Path(__file__).resolve().parents[2]
ONCE = Bounds(attempts=1, seconds=5.0)
_WORD = re.compile(r"[a-z][a-z0-9_-]*")
_EDIT = "edited by an analyst"


class SiemSuite:
    """Give it a fixture `site`."""

    def test_what_it_has_of_its_own_is_named_and_free(self, site: Site) -> None:
        siem = installed.siem(site.siem)
        names = [option.name for option in siem.build_options]
        own = {opt for param in build.params if isinstance(param, click.Option) for opt in param.opts}
        assert {f"--{name}" for name in names} <= own
        assert not {"index", "tenant-field", "mapping", "overlay", "output", "format"} & set(names)
        keys = [key.name for key in siem.mapping_keys]
        assert not {"name", "fields"} & set(keys)
        assert not {"url", "token"} & set(siem.profile_keys)
        for said in (names, keys, siem.profile_keys):
            assert len(set(said)) == len(said)
            assert all(map(_WORD.fullmatch, said))
        assert set(siem.addresses) <= set(siem.profile_keys)
        assert all(one.help for one in siem.build_options)
        assert all(one.default in one.choices for one in siem.build_options if one.choices)
        assert not any(re.fullmatch(key.pattern, "") for key in siem.mapping_keys)
        assert siem.comment.count("{}") == 1

    def test_the_same_content_gives_the_same_bytes_in_a_folder(self, site: Site) -> None:
        files, again = (tuple(installed.siem(site.siem).files(few())) for _ in range(2))
        assert files == again != ()
        paths = [PurePosixPath(file.path) for file in files]
        assert len(set(paths)) == len(paths)
        assert not any(path.is_absolute() or ".." in path.parts for path in paths)

    def test_the_pack_is_of_objects_that_it_deploys(self, site: Site) -> None:
        items = installed.siem(site.siem).items(few())
        with site.place() as place:
            made = place.plan(items)
        assert len(made.steps) == len(items) > 0
        assert {step.action for step in made.steps} == {Action.CREATE}

    def test_a_plan_applied_leaves_nothing_to_do(self, site: Site) -> None:
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

    def test_an_upgrade_changes_what_differs_and_removes_what_is_no_more(self, site: Site) -> None:
        apply(site, site.old)
        made = actions(plan(site, site.new))
        gone = [name for name, action in made.items() if action is Action.DELETE]
        assert gone != []
        outcomes, verdict = apply(site, site.new)
        assert verdict is Verdict.YES, outcomes
        assert actions(plan(site, site.new)) == {}
        assert not [name for name in gone if name in str(stable(site.there()))]
        # and back again
        assert apply(site, site.old)[1] is Verdict.YES
        assert actions(plan(site, site.old)) == {}

    def test_an_edit_is_drift_and_kept_until_it_is_to_be_overwritten(self, site: Site) -> None:
        apply(site, site.old)
        name = site.edit(_EDIT)
        with site.place() as place:
            assert [step.item.name for step in place.drift(site.old).steps if step.drifted] == [name]
        assert apply(site, site.old)[1] is Verdict.YES
        assert _EDIT in str(site.there())
        assert apply(site, site.old, EditPolicy(overwrite=(name,)))[1] is Verdict.YES
        assert _EDIT not in str(site.there())
        assert actions(plan(site, site.old)) == {}

    def test_a_lost_memory_overwrites_nothing(self, site: Site) -> None:
        apply(site, site.old)
        site.edit(_EDIT)
        for path in (site.home / "packs").glob("*.jsonl"):
            path.unlink()
        before = stable(site.there())
        assert plan(site, site.old).in_conflict
        assert apply(site, site.old)[1] is Verdict.NO
        assert stable(site.there()) == before

    def test_one_who_may_not_look_is_told_so(self, site: Site) -> None:
        site.binding = replace(site.binding, token=None)
        with pytest.raises(Denied):
            plan(site, site.old)

    def test_no_secret_is_written_or_said(self, site: Site) -> None:
        apply(site, site.old)
        secret = site.binding.token.reveal() if site.binding.token else ""
        written = b"".join(path.read_bytes() for path in site.home.rglob("*") if path.is_file()).decode()
        assert secret
        assert secret not in written + "".join(site.said) + repr(plan(site, site.old))

    @pytest.mark.parametrize("how", [faults.BEFORE, faults.AFTER, faults.NOWHERE])
    @pytest.mark.parametrize("is_upgrade", [False, True], ids=["new", "upgrade"])
    def test_a_call_that_fails_is_finished_by_the_next_apply(
        self, site: Site, how: str, *, is_upgrade: bool
    ) -> None:
        finished(site, how, is_upgrade=is_upgrade)


def finished(site: Site, how: str, *, is_upgrade: bool) -> None:
    """For every call of an apply that fails so: nothing is lost and nothing doubled."""
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
        # a write that met a 404 is refused; so is one whose other object could not be made
        refused = site.wanting in "".join(site.said) or how == faults.NOWHERE
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


def plan(site: Site, items: tuple[Item, ...], policy: EditPolicy = NOTHING) -> Plan:
    with site.place() as place:
        return place.plan(items, policy)


def apply(
    site: Site, items: tuple[Item, ...], policy: EditPolicy = NOTHING, bounds: Bounds | None = None
) -> tuple[tuple[Outcome, ...], Verdict]:
    more: dict[str, Any] = {"bounds": bounds} if bounds else {}
    with site.place() as place:
        _, outcomes, verdict = place.apply(items, policy, say=site.said.append, **more)
        return outcomes, verdict


def actions(made: Plan) -> dict[str, Action]:
    return {step.item.name: step.action for step in made.steps if step.action is not Action.NONE}


def stable(there: Mapping[Any, Any]) -> Any:
    """What a server holds, without what it counts by itself."""
    counted = ("revision", "_version", "_seq_no")

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): bare(inner) for key, inner in value.items() if key not in counted}
        return [bare(inner) for inner in value] if isinstance(value, list) else value

    return bare(deepcopy(dict(there)))


@cache
def few() -> Content:
    """A pack that is quick to build: two of its rules, and the gates."""
    whole = asked.content(ROOT, Options())
    return replace(whole, rules=whole.rules[:2], detections=())
