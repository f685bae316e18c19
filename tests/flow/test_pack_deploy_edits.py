"""What people do in a SIEM between two deployments, and what becomes of it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app.deploying import NOTHING
from mcpsoar.cli.pack_deploy_text import applied, drift
from mcpsoar.cli.pack_deploy_text import plan as shown
from mcpsoar.core.errors import Denied, Held, Tampered, Trouble, Unsupported, Unwritable, Usage
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.lock import FileLock
from mcpsoar.siems.deploy.plan import EditPolicy, Plan
from mcpsoar.siems.deploy.run import End
from mcpsoar.siems.deploy.steps import Action, Step, What
from mcpsoar.siems.objects import Item
from tests.siems.disk import no_waiting_for_the_disk
from tests.siems.site import Site
from tests.siems.sites import SITES
from tests.siems.sites.elastic import site as elastic
from tests.siems.sites.splunk import site as splunk

__all__ = ["no_waiting_for_the_disk"]  # a fixture

GATE = {"splunk": "MCP gate", "elastic": "rule-gate"}
LINKS = [{"list_id": "mcp-tuning", "type": "detection", "namespace_type": "single"}]
NOWHERE = {"type": "search", "id": "nosuch", "name": "panel"}
THEIRS = {"id": "x", "list_id": "theirs", "type": "detection", "namespace_type": "agnostic"}
RETIRED = {"splunk": "MCP retired", "elastic": "rule-retired"}
KEPT = {"splunk": "MCP & writes, 100% unapproved", "elastic": "rule-writes"}


@pytest.fixture(params=sorted(GATE))
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with SITES[request.param](tmp_path / "home") as made:
        apply(made, made.old)
        yield made


def plan(site: Site, items: tuple[Item, ...], policy: EditPolicy = NOTHING) -> Plan:
    with site.place() as place:
        return place.plan(items, policy)


def apply(site: Site, items: tuple[Item, ...], policy: EditPolicy = NOTHING) -> Verdict:
    with site.place() as place:
        return place.apply(items, policy, say=site.said.append)[2]


def step(made: Plan, name: str) -> Step:
    return next(one for one in made.steps if one.item.name == name)


def rule(site: Site, name: str) -> dict[str, Any]:
    """A search or rule as the server holds it."""
    if site.siem == "splunk":
        content: dict[str, Any] = site.fake.things["saved/searches", name].content
        return content
    found: dict[str, Any] = site.fake.rules[name]
    return found


def text(site: Site) -> str:
    return "search" if site.siem == "splunk" else "query"


def remove(site: Site, name: str) -> None:
    if site.siem == "splunk":
        del site.fake.things["saved/searches", name]
    else:
        del site.fake.rules[name]


def test_an_edit_is_drift_and_kept(site: Site) -> None:
    name = KEPT[site.siem]
    rule(site, name)[text(site)] = "edited by an analyst"
    made = plan(site, site.old)
    assert made.drifted
    assert not made.in_conflict
    found = step(made, name)
    assert found.action is Action.KEEP
    assert [(key.key, key.what) for key in found.keys if key.what is not What.KEPT] == [
        (text(site), What.DRIFT)
    ]
    assert apply(site, site.new) is Verdict.YES
    assert rule(site, name)[text(site)] == "edited by an analyst"
    assert plan(site, site.new).drifted
    assert apply(site, site.new, EditPolicy(overwrite=(name,))) is Verdict.YES
    assert not plan(site, site.new).drifted
    assert rule(site, name)[text(site)] != "edited by an analyst"


def test_an_edit_of_what_the_next_pack_changes_is_a_conflict_and_kept(site: Site) -> None:
    name = GATE[site.siem]
    rule(site, name)[text(site)] = "edited by an analyst"
    made = plan(site, site.new)
    assert made.in_conflict
    assert apply(site, site.new) is Verdict.NO
    assert rule(site, name)[text(site)] == "edited by an analyst"
    again = plan(site, site.new)
    assert [one.item.name for one in again.steps if one.action is not Action.NONE] == [name]
    assert again.in_conflict  # until somebody decides
    assert apply(site, site.new, EditPolicy(overwrite=(f"{name[:-1]}?",))) is Verdict.YES
    assert not plan(site, site.new).in_conflict
    assert rule(site, name)[text(site)] != "edited by an analyst"


def test_an_edit_that_is_what_the_next_pack_says_is_no_conflict(site: Site) -> None:
    name = GATE[site.siem]
    wanted = next(item for item in site.new if item.name == name)
    rule(site, name)[text(site)] = wanted.body[text(site)]
    assert not plan(site, site.new).in_conflict
    assert apply(site, site.new) is Verdict.YES


def test_other_keys_of_an_object_in_conflict_are_still_brought_up_to_date(site: Site) -> None:
    name, key = GATE[site.siem], {"splunk": "alert.severity", "elastic": "max_signals"}[site.siem]
    rule(site, name)[text(site)] = "edited by an analyst"
    apply(site, site.new)
    assert str(rule(site, name)[key]) in ("4", "20")


def test_switches_actions_and_exceptions_are_left_alone(site: Site) -> None:
    name = GATE[site.siem]
    own: dict[str, Any]
    if site.siem == "splunk":
        own = {"disabled": "0", "is_scheduled": "1", "actions": "email", "action.email": "1"}
        own |= {"action.email.to": "soc@example.com"}
    else:
        own = {
            "enabled": True,
            "actions": [{"id": "page", "action_type_id": ".webhook"}],
            "exceptions_list": [*rule(site, name)["exceptions_list"], THEIRS],
        }
    rule(site, name).update(own)
    assert not plan(site, site.old).drifted
    assert apply(site, site.new, EditPolicy(overwrite=("*",))) is Verdict.YES
    assert {key: rule(site, name)[key] for key in own} == own


def test_what_a_user_says_is_to_run_is_told_and_runs_with_overwrite_alone(site: Site) -> None:
    name = GATE[site.siem]
    said = {"disabled": "0", "enableSched": "1"} if site.siem == "splunk" else {"enabled": True}
    told = tuple(
        Item(item.kind, item.name, {**item.body, **said}) if item.name == name else item for item in site.old
    )
    key, off = {"splunk": ("disabled", "1"), "elastic": ("enabled", False)}[site.siem]
    made = plan(site, told)
    assert step(made, name).is_off
    for lines in ([*shown(made)], [*applied(made, ())]):
        (line,) = [one for one in lines if f"    {key}: you say " in one]
        assert "switch it on there, or --overwrite" in line
        assert lines[-1].endswith("; 1 to be on by your word, and off there")
    assert apply(site, told) is Verdict.YES
    assert rule(site, name)[key] == off
    assert apply(site, told, EditPolicy(overwrite=(name,))) is Verdict.YES
    assert str(rule(site, name)[key]) == str({"splunk": "0", "elastic": True}[site.siem])
    assert not step(plan(site, told), name).is_off
    rule(site, name)[key] = off
    assert apply(site, site.old, EditPolicy(overwrite=("*",))) is Verdict.YES
    assert rule(site, name)[key] == off


@pytest.mark.parametrize("is_switch", [True, False])
def test_what_somebody_switched_since_the_last_apply_is_told_and_kept(site: Site, *, is_switch: bool) -> None:
    name = GATE[site.siem]
    own: dict[str, Any] = {"disabled": "0", "actions": "email"}
    if site.siem == "elastic":
        own = {"enabled": True, "actions": [{"id": "page", "params": {"key": "nobody-may-see"}}]}
    rule(site, name).update(own)
    assert apply(site, site.old) is Verdict.YES
    with site.place() as place:
        assert not place.drift(site.old).is_switched
    key = "actions" if not is_switch else next(iter(own))
    none: Any = "" if site.siem == "splunk" else []
    rule(site, name)[key] = {"disabled": "1", "enabled": False, "actions": none}[key]
    with site.place() as place:
        made = place.drift(site.old)
    assert made.is_switched
    told = [*drift(made)]
    assert any(f"    {key}: changed there since the last apply, and kept" in line for line in told)
    assert told[-1].startswith("1 of ")
    assert "nobody-may-see" not in str(told)
    before = dict(rule(site, name))
    assert apply(site, site.old, EditPolicy(overwrite=("*",))) is Verdict.YES
    assert rule(site, name) == before
    with site.place() as place:
        assert not place.drift(site.old).is_switched


def test_a_key_that_the_next_pack_says_first_does_not_win_over_an_edit(site: Site) -> None:
    """The server has a default for it; only a value that nobody touched since is taken over."""
    name, key = GATE[site.siem], {"splunk": "alert.severity", "elastic": "max_signals"}[site.siem]
    rule(site, name)[key] = "2" if site.siem == "splunk" else 50
    made = step(plan(site, site.new), name)
    assert {one.key: one.what for one in made.keys if one.what is not What.KEPT} == {
        key: What.CONFLICT,
        text(site): What.CHANGE,
    }
    apply(site, site.new)
    assert str(rule(site, name)[key]) in ("2", "50")


def test_an_edit_before_an_unrelated_upgrade_is_remembered(site: Site) -> None:
    """Of a key that was not ours, what we first saw counts, not what was there at the last write."""
    name = GATE[site.siem]
    key, value = {"splunk": ("alert.track", "0"), "elastic": ("tags", ["mine"])}[site.siem]
    rule(site, name)[key] = value
    assert apply(site, site.new) is Verdict.YES
    told = tuple(
        Item(item.kind, item.name, {**item.body, key: "1" if site.siem == "splunk" else ["pack"]})
        if item.name == name
        else item
        for item in site.new
    )
    assert plan(site, told).in_conflict
    apply(site, told)
    assert rule(site, name)[key] == value


def test_what_somebody_deleted_stays_deleted(site: Site) -> None:
    name = GATE[site.siem]
    remove(site, name)
    made = plan(site, site.new)
    assert made.drifted
    assert step(made, name).action is Action.KEEP
    assert apply(site, site.new) is Verdict.YES
    assert name not in str(site.fake.held())
    assert apply(site, site.new, EditPolicy(overwrite=(name,))) is Verdict.YES
    assert not plan(site, site.new).drifted
    assert rule(site, name)


def test_what_the_pack_has_no_more_is_kept_where_somebody_edited_it(site: Site) -> None:
    name = RETIRED[site.siem]
    rule(site, name)[text(site)] = "edited by an analyst"
    assert apply(site, site.new) is Verdict.YES
    found = step(plan(site, site.new), name)
    assert (found.action, found.drifted) == (Action.KEEP, True)
    assert text(site) in found.why
    assert apply(site, site.new, EditPolicy(overwrite=(name,))) is Verdict.YES
    assert name not in str(site.fake.held())


def test_what_the_pack_has_no_more_is_kept_where_somebody_tuned_it(site: Site) -> None:
    name = RETIRED[site.siem]
    if site.siem == "splunk":
        rule(site, name)["actions"] = "email"
    else:
        rule(site, name)["exceptions_list"].append(THEIRS)
    assert step(plan(site, site.new), name).action is Action.KEEP


def test_what_the_pack_has_no_more_goes_although_it_was_switched_on(site: Site) -> None:
    rule(site, RETIRED[site.siem])["disabled" if site.siem == "splunk" else "enabled"] = "0"
    assert step(plan(site, site.new), RETIRED[site.siem]).action is Action.DELETE


@pytest.mark.parametrize("is_in_the_pack", [True, False])
def test_what_is_gone_is_drift_and_named(site: Site, *, is_in_the_pack: bool) -> None:
    name = (GATE if is_in_the_pack else RETIRED)[site.siem]
    remove(site, name)
    with site.place() as place:
        made = place.drift(site.new)
    assert made.drifted
    (line, last) = [one for one in drift(made) if name in one or "objects differ" in one]
    assert line.startswith("drift ")
    assert last.startswith("1 of ")


def test_lists_and_indices_are_never_deleted(site: Site) -> None:
    apply(site, site.new)
    held = {"splunk": ["mcp_approved"], "elastic": ["mcp-approved", "mcp-tuning"]}[site.siem]
    made = plan(site, (), EditPolicy())
    assert sorted(one.item.name for one in made.steps if one.action is Action.KEEP) == sorted(held)
    assert apply(site, ()) is Verdict.YES
    assert apply(site, ()) is Verdict.YES
    assert all(name in str(site.fake.held()) for name in held)


def test_a_lost_state_is_taken_up_where_all_is_equal(site: Site) -> None:
    lose(site)
    made = plan(site, site.old)
    assert {one.action for one in made.steps} == {Action.TAKE}
    site.faults.calls.clear()
    assert apply(site, site.old) is Verdict.YES
    assert not site.faults.writes()
    assert {one.action for one in plan(site, site.old).steps} == {Action.NONE}


def test_after_a_lost_state_what_differs_is_a_conflict_until_somebody_decides(site: Site) -> None:
    name = KEPT[site.siem]
    rule(site, name)[text(site)] = "edited by an analyst"
    lose(site)
    assert plan(site, site.old).in_conflict
    assert apply(site, site.old) is Verdict.NO
    assert rule(site, name)[text(site)] == "edited by an analyst"
    assert apply(site, site.old, EditPolicy(adopt=True)) is Verdict.YES
    assert rule(site, name)[text(site)] == "edited by an analyst"
    made = plan(site, site.old)
    assert (made.drifted, made.in_conflict) == (True, False)


def test_after_a_lost_state_ours_can_win(site: Site) -> None:
    name = KEPT[site.siem]
    rule(site, name)[text(site)] = "edited by an analyst"
    lose(site)
    assert apply(site, site.old, EditPolicy(overwrite=(name,))) is Verdict.YES
    assert rule(site, name)[text(site)] != "edited by an analyst"
    assert {one.action for one in plan(site, site.old).steps} == {Action.NONE}


def lose(site: Site) -> None:
    for path in (site.home / "packs").glob("*.jsonl"):
        path.unlink()


def test_strangers_objects_are_left_alone(tmp_path: Path) -> None:
    with elastic(tmp_path / "home") as site:
        site.fake.rules["theirs"] = {"rule_id": "theirs", "query": "x"}
        document = {"_seq_no": 0, "_source": {"name": "jira"}}
        site.fake.elasticsearch.documents["mcp-approved", "theirs"] = document
        for items in (site.old, site.new, ()):
            apply(site, items, EditPolicy(overwrite=("*",) if items else ()))
        assert site.fake.rules == {"theirs": {"rule_id": "theirs", "query": "x"}}
        assert list(site.fake.elasticsearch.documents) == [("mcp-approved", "theirs")]


def test_a_search_of_that_name_in_another_app_is_not_ours(tmp_path: Path) -> None:
    with splunk(tmp_path / "home") as site:
        apply(site, site.old)
        theirs = type(site.fake.things["saved/searches", "MCP gate"])({"search": "theirs"}, "search")
        site.fake.things["saved/searches", "MCP new"] = theirs
        assert step(plan(site, site.new), "MCP new").action is Action.CREATE


def test_a_change_that_is_refused_stops_no_other(site: Site) -> None:
    if site.siem == "splunk":
        bad = Item("saved/searches", "MCP bad", {"search": "index=x | nosuchcommand"})
    else:
        bad = Item("saved_object", "dashboard/bad", {"attributes": {}, "references": [NOWHERE]})
    items = (bad, *site.new)
    with site.place() as place:
        _, outcomes, verdict = place.apply(items)
    assert verdict is Verdict.NO
    refused = [outcome for outcome in outcomes if outcome.end is End.REFUSED]
    assert [outcome.step.item.name for outcome in refused] == [bad.name]
    assert "nosuchcommand" in refused[0].detail or "missing_references" in refused[0].detail
    assert {outcome.end for outcome in outcomes} == {End.REFUSED, End.DONE}
    assert rule(site, {"splunk": "MCP new", "elastic": "rule-new"}[site.siem])


def test_what_was_edited_after_the_plan_is_not_overwritten(site: Site) -> None:
    name = GATE[site.siem]

    def edit(_: object) -> None:
        rule(site, name)[text(site)] = "edited meanwhile"

    with site.place() as place:
        _, outcomes, verdict = place.apply(site.new, tell=edit)
    assert verdict is Verdict.NO
    (refused,) = [outcome for outcome in outcomes if outcome.end is End.REFUSED]
    assert refused.step.item.name == name
    assert rule(site, name)[text(site)] == "edited meanwhile"


def test_a_plan_that_is_another_one_by_now_is_not_applied(site: Site) -> None:
    seen = plan(site, site.new).digest
    rule(site, GATE[site.siem])[text(site)] = "edited meanwhile"
    site.faults.calls.clear()
    with site.place() as place, pytest.raises(Usage, match="nothing was sent"):
        place.apply(site.new, only=seen)
    assert not site.faults.writes()


def test_two_at_once_do_not_mix(site: Site) -> None:
    with site.place() as place, FileLock(place.file.lock_path) as lock:
        assert lock.take()
        with pytest.raises(Held):
            place.apply(site.new)


@pytest.mark.parametrize(
    "spoil", [lambda data: data[:-20] + b"\n", lambda data: data.replace(b"index=", b"index!=")]
)
def test_a_state_that_was_tampered_with_is_refused(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    with splunk(tmp_path / "home") as site:
        apply(site, site.old)
        (path,) = (site.home / "packs").glob("*.jsonl")
        path.write_bytes(spoil(path.read_bytes()))
        with pytest.raises(Tampered, match="move it away"):
            plan(site, site.old)


def test_no_secret_is_written_or_said(site: Site) -> None:
    apply(site, site.new)
    written = b"".join(path.read_bytes() for path in site.home.rglob("*") if path.is_file()).decode()
    assert "nobody-may-see" not in written + "".join(site.said) + repr(plan(site, site.new))


@dataclass(frozen=True)
class Wrong:
    siem: str
    url: str = "{}"
    options: tuple[tuple[str, Any], ...] = ()
    error: type[Trouble] = Trouble


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong("splunk", options=(("app", "nosuchapp"),), error=Unsupported),
        Wrong("splunk", url="{}/a/proxy", error=Unsupported),
        Wrong("splunk", options=(("scheme", "Basic"),), error=Usage),
        Wrong("splunk", options=(("app", ""),), error=Usage),
        Wrong("elastic", options=(("space", "nosuchspace"),), error=Unsupported),
        Wrong("elastic", options=(("kibana", "http://127.0.0.1:1/nowhere"),)),
        Wrong("elastic", options=(("kibana", "no address"),), error=Usage),
    ],
)
def test_a_wrong_address_is_not_taken_for_an_empty_siem(tmp_path: Path, wrong: Wrong) -> None:
    with SITES[wrong.siem](tmp_path / "home") as site:
        apply(site, site.old)
        site.faults.calls.clear()
        said = {**site.binding.options, **dict(wrong.options)}
        binding = type(site.binding)(
            wrong.siem, wrong.url.format(site.binding.base_url), site.binding.token, said
        )
        site.binding = binding
        with pytest.raises(wrong.error):
            apply(site, site.new)
        assert not site.faults.writes()


def test_a_wrong_token_is_denied(site: Site) -> None:
    site.binding = type(site.binding)(site.siem, site.binding.base_url, None, site.binding.options)
    with pytest.raises(Denied):
        plan(site, site.old)


def test_owner_and_sharing_are_set_together_and_readers_are_kept(tmp_path: Path) -> None:
    with splunk(tmp_path / "home", private=True, owner="svc-soar") as site:
        assert apply(site, site.old) is Verdict.YES
        thing = site.fake.things["saved/searches", "MCP gate"]
        assert (thing.owner, thing.sharing) == ("svc-soar", "app")
        thing.perms = {"read": ["*"], "write": ["admin", "sc_admin"]}
        thing.owner = "somebody"
        assert plan(site, site.old).drifted
        assert apply(site, site.old, EditPolicy(overwrite=("MCP gate",))) is Verdict.YES
        assert (thing.owner, thing.perms) == ("svc-soar", {"read": ["*"], "write": ["admin", "sc_admin"]})


def test_a_rule_is_linked_to_its_list_by_the_id_that_kibana_gave(tmp_path: Path) -> None:
    with elastic(tmp_path / "home") as site:
        apply(site, site.old)
        (link,) = site.fake.rules["rule-gate"]["exceptions_list"]
        assert link["id"] == site.fake.lists["mcp-tuning"]["id"]


def test_a_list_that_the_pack_links_anew_stands_beside_those_of_the_analysts(tmp_path: Path) -> None:
    with elastic(tmp_path / "home") as site:
        apply(site, site.old)
        site.fake.rules["rule-gate"]["exceptions_list"].append(THEIRS)
        (ours,) = [item for item in site.old if item.kind == "exception_list"]
        more = Item("exception_list", "mcp-more", {**ours.body, "list_id": "mcp-more"})
        links = [*LINKS, {**LINKS[0], "list_id": "mcp-more"}]
        told = tuple(
            Item(item.kind, item.name, {**item.body, "exceptions_list": links})
            if item.name == "rule-gate"
            else item
            for item in site.old
        )
        assert apply(site, (*told, more)) is Verdict.YES
        linked = {one["list_id"]: one["id"] for one in site.fake.rules["rule-gate"]["exceptions_list"]}
        assert linked == {"mcp-tuning": "uuid-of-mcp-tuning", "theirs": "x", "mcp-more": "uuid-of-mcp-more"}
        assert apply(site, site.old) is Verdict.YES
        left = [one["list_id"] for one in site.fake.rules["rule-gate"]["exceptions_list"]]
        assert sorted(left) == ["mcp-tuning", "theirs"]
        assert "mcp-more" in site.fake.lists


def test_a_list_of_ours_that_somebody_unlinked_stays_unlinked(tmp_path: Path) -> None:
    with elastic(tmp_path / "home") as site:
        apply(site, site.old)
        site.fake.rules["rule-gate"]["exceptions_list"] = [THEIRS]
        assert plan(site, site.new).drifted
        apply(site, site.new)
        assert site.fake.rules["rule-gate"]["exceptions_list"] == [THEIRS]
        apply(site, site.new, EditPolicy(overwrite=("rule-gate",)))
        linked = [one["list_id"] for one in site.fake.rules["rule-gate"]["exceptions_list"]]
        assert sorted(linked) == ["mcp-tuning", "theirs"]


def test_comments_on_an_exception_survive_a_change_of_it(tmp_path: Path) -> None:
    with elastic(tmp_path / "home") as site:
        apply(site, site.old)
        comment = {"id": "c1", "comment": "agreed with the owner", "created_by": "ana"}
        site.fake.items["mcp-allow-1"]["comments"] = [comment]
        assert apply(site, site.new) is Verdict.YES
        assert site.fake.items["mcp-allow-1"]["comments"] == [comment]


def test_a_name_twice_an_unknown_kind_and_nothing_to_overwrite_are_refused(site: Site) -> None:
    twice = Item("no-such-kind", "a", {})
    with pytest.raises(Unsupported, match="no-such-kind"):
        plan(site, (twice,))
    with pytest.raises(Usage, match="twice"):
        plan(site, (*site.old, site.old[0]))
    with pytest.raises(Usage, match="nothing to overwrite"):
        plan(site, site.old, EditPolicy(overwrite=("nosuch*",)))


def test_a_search_is_made_with_its_actions_and_without_running(tmp_path: Path) -> None:
    """Over REST the list of actions switches them; a conf file's `action.notable = 1` alone is ignored."""
    with splunk(tmp_path / "home") as site:
        apply(site, site.old)
        made = rule(site, KEPT["splunk"])
        assert (made["actions"], made["action.notable"], made["disabled"]) == ("notable", "1", "1")


def test_text_that_holds_json_is_sent_as_text(tmp_path: Path) -> None:
    with elastic(tmp_path / "home") as site:
        apply(site, site.old)
        attributes = site.fake.objects["dashboard", "mcp-overview"]["attributes"]
        assert json.loads(attributes["panelsJSON"])["a"] == 1
        source = attributes["kibanaSavedObjectMeta"]["searchSourceJSON"]
        assert json.loads(source)["query"] == {"language": "kuery"}


@pytest.mark.parametrize("text", ["[" * 200_000, "[NaN]", '{"a": 1, "a": 2}', "no json"])
def test_text_that_only_looks_like_json_is_text(tmp_path: Path, text: str) -> None:
    with elastic(tmp_path / "home") as site:
        apply(site, site.old)
        site.fake.objects["dashboard", "mcp-overview"]["attributes"]["panelsJSON"] = text
        (key,) = step(plan(site, site.old), "dashboard/mcp-overview").keys
        assert key.live["panelsJSON"] == text
        assert apply(site, site.old) is Verdict.YES
        assert apply(site, site.old, EditPolicy(overwrite=("dashboard/*",))) is Verdict.YES


def test_a_siem_that_is_busy_for_a_moment_is_asked_again(site: Site) -> None:
    for how in ("busy", "before", "cut"):
        site.faults.set(3, how, often=2)
        assert plan(site, site.old).steps
    site.faults.set(0, "busy")


def test_a_state_that_cannot_be_written_lets_nothing_be_sent(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path, __: bytes) -> None:
        raise Unwritable("no space left")

    monkeypatch.setattr("mcpsoar.kit.jsonl.replace", full)
    site.faults.calls.clear()
    with pytest.raises(Unwritable) as caught:
        apply(site, site.new)
    assert caught.value.next_command == f"mcpsoar pack apply {site.siem} --home ANOTHER_DIR"
    assert not site.faults.writes()
