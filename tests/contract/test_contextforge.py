"""The ContextForge connector passes the connectors' suite, and knows the ways of that plane."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import settings
from mcpsoar.connectors.contextforge import connect
from mcpsoar.core.errors import Denied, Indeterminate, UnknownTarget, Unsupported
from mcpsoar.core.plan import Step, Undo
from mcpsoar.core.ports import Connector
from mcpsoar.core.profile import Binding
from mcpsoar.core.run import Baseline
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.kit.stops import ENTRY, stopped_by
from mcpsoar.lab.wire import Call
from tests.conftest import ROOT
from tests.contract.connector_suite import ConnectorSuite, Subject
from tests.contract.forge import EMAIL, PASSWORD, Forge, forge

RECORDED = Path(__file__).parent.parent / "data" / "connectors" / "contextforge"
DISABLE = Step("disable", "disable", "registry.disable", "registry", "github", Undo.EXACT, ())
REVOKE = Step("revoke", "revoke", "tokens.revoke", "tokens", "github", Undo.NONE, ())
OWNER = Step(
    "who",
    "who",
    "tokens.revoke_principal",
    "tokens",
    "principal:owner-of-k-github@example.com",
    Undo.NONE,
    (),
)
TOOL = Step("off", "off", "registry.disable_tool", "registry", "tool:t-write@github", Undo.EXACT, ())
FORCE = Step("force", "force", "policy.force_write_approval", "policy", None, Undo.EXACT, ())


@pytest.fixture
def plane() -> Iterator[Forge]:
    with forge() as one:
        yield one


def connected(url: str, timeout_s: float = 5.0, settle_s: float = 0.3, **options: Any) -> Connector:
    told = {"login": EMAIL, "timeout_s": timeout_s, "settle_s": settle_s, "workers_s": 0, **options}
    return connect(Binding("contextforge", url, Secret(PASSWORD), told), clock=SystemClock())


@pytest.fixture
def connector(plane: Forge) -> Iterator[Connector]:
    made = connected(plane.url)
    yield made
    made.close()


class TestContextForge(ConnectorSuite):
    """One token and one tool are there to be changed: then a change is one call."""

    @pytest.fixture(params=["gateway", "tool", "tokens", "owners", "tools"])
    def subject(self, plane: Forge, request: pytest.FixtureRequest) -> Subject:
        plane.tokens = {"k-github": "v-github", "k-jira": "v-jira"}
        plane.tools = {"t-read": ("g-github", True), "t-write": ("g-github", False)}
        step = {"gateway": DISABLE, "tool": TOOL, "tokens": REVOKE, "owners": OWNER, "tools": FORCE}[
            request.param
        ]
        truth = {
            "gateway": lambda: "g-github" in plane.off,
            "tool": lambda: not plane.is_on("t-write"),
            "tokens": lambda: "k-github" in plane.revoked,
            "owners": lambda: "k-github" in plane.revoked,
            "tools": lambda: not plane.is_on("t-write"),
        }[request.param]

        def restore() -> None:
            plane.off.clear()
            plane.revoked.clear()

        return Subject(plane.url, connected, step, truth, restore, PASSWORD, _is_change)


def _is_change(call: Call) -> bool:
    return call.method != "GET" and not call.target.endswith("/login")


# what this plane does


def test_a_name_means_one_entry_or_none(plane: Forge, connector: Connector) -> None:
    plane.gateways["g-other"] = "jira"
    with pytest.raises(UnknownTarget, match="no gateway is called crm"):
        connector.baseline(replace(DISABLE, server="crm"))
    with pytest.raises(Denied, match="2 gateways are called jira: name the id of one"):
        connector.baseline(replace(DISABLE, server="jira"))
    assert connector.baseline(replace(DISABLE, server="g-other")).facts["name"] == "jira"


def test_tools_that_were_off_are_off_after_the_undo(plane: Forge, connector: Connector) -> None:
    plane.off.add("t-write")
    was = connector.baseline(DISABLE)
    connector.apply(DISABLE, was, "key")
    connector.rollback(DISABLE, was, "key")
    assert plane.is_on("t-read")
    assert not plane.is_on("t-write")
    assert connector.verify_rollback(DISABLE, was).verdict is Verdict.YES
    plane.off.discard("t-write")
    assert connector.verify_rollback(DISABLE, was).verdict is Verdict.NO


def test_tokens_that_reach_a_server_go_and_the_others_are_told(plane: Forge) -> None:
    plane.tokens["k-ours"] = None
    keeping = connected(plane.url, keep=["k-ours"])
    plane.tokens["k-gone"], plane.revoked = "v-github", {"k-gone"}
    assert keeping.verify(REVOKE).verdict is Verdict.NO
    keeping.apply(REVOKE, keeping.baseline(REVOKE), "key")
    assert plane.revoked == {"k-gone", "k-github", "k-any"}
    seen = keeping.verify(REVOKE)
    assert seen.verdict is Verdict.YES
    told = " ".join(exposure.what for exposure in seen.exposures)
    assert "k-jira" in told
    assert "k-ours" in told
    assert "login sessions" in told
    keeping.close()


@pytest.mark.parametrize("step", [REVOKE, replace(OWNER, server="principal:soar-canary")])
def test_who_takes_a_kept_name_is_not_spared(plane: Forge, step: Step) -> None:
    plane.tokens = {"k-ours": None, "k-evil": None}
    plane.token_names = dict.fromkeys(plane.tokens, "soar-canary")
    plane.owners["k-ours"] = EMAIL
    keeping = connected(plane.url, keep=["soar-canary"])
    keeping.apply(step, keeping.baseline(step), "key")
    assert plane.revoked == {"k-evil"}
    seen = keeping.verify(step)
    assert seen.verdict is Verdict.YES
    told = [exposure.what for exposure in seen.exposures]
    assert f"token k-ours (soar-canary), kept, as the profile says {stopped_by(ENTRY)}" in told
    assert "another server" not in " ".join(told)
    keeping.close()


@pytest.mark.parametrize("ends", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "soon"])
def test_a_time_that_is_none_is_told_as_no_end(plane: Forge, connector: Connector, ends: str) -> None:
    plane.token_ends = ends
    assert {exposure.until for exposure in connector.verify(REVOKE).exposures} == {None}


def test_what_stays_on_by_its_own_word_is_told(connector: Connector) -> None:
    connector.apply(FORCE, connector.baseline(FORCE), "key")
    seen = connector.verify(FORCE)
    assert seen.verdict is Verdict.YES
    assert "none of 2 tools that do not call themselves read-only is on" in seen.detail
    assert [exposure.what for exposure in seen.exposures] == ["1 tool calls itself read-only and stays on"]


def test_a_token_issued_since_is_told(plane: Forge, connector: Connector) -> None:
    connector.apply(REVOKE, connector.baseline(REVOKE), "key")
    plane.tokens["k-new"] = None
    seen = connector.verify(REVOKE)
    assert seen.verdict is Verdict.NO
    assert "1 issued since" in seen.detail


@pytest.mark.parametrize("who", ["owner-of-k-any@example.com", "name-of-k-any"])
def test_a_user_s_tokens_go_and_nobody_else_s(plane: Forge, connector: Connector, who: str) -> None:
    step = replace(OWNER, server=f"principal:{who}")
    connector.apply(step, connector.baseline(step), "key")
    assert plane.revoked == {"k-any"}
    seen = connector.verify(step)
    assert seen.verdict is Verdict.YES
    (exposure,) = seen.exposures
    assert exposure.what == f"new tokens and login sessions of {who}: nothing here stops them"
    assert connector.baseline(step).in_force


def test_a_user_without_tokens_is_no_target(plane: Forge, connector: Connector) -> None:
    step = replace(OWNER, server="principal:k-any@example.com")
    with pytest.raises(UnknownTarget, match="no token is of k-any@"):
        connector.baseline(step)
    with pytest.raises(UnknownTarget):
        connector.apply(step, None, "key")
    assert connector.verify(step).verdict is Verdict.CANNOT_TELL
    assert not plane.revoked


def test_a_token_that_is_kept_is_told_whoever_has_it(plane: Forge) -> None:
    keeping = connected(plane.url, keep=["k-any"])
    step = replace(OWNER, server="principal:owner-of-k-any@example.com")
    seen = keeping.verify(step)
    assert seen.verdict is Verdict.YES
    told = [exposure.what for exposure in seen.exposures]
    assert f"token k-any (name-of-k-any), kept, as the profile says {stopped_by(ENTRY)}" in told
    assert not plane.revoked
    keeping.close()


def test_only_tools_that_were_on_are_switched_on_again(plane: Forge, connector: Connector) -> None:
    plane.off.add("t-other")
    was = connector.baseline(FORCE)
    connector.apply(FORCE, was, "key")
    assert [tool for tool in plane.tools if plane.is_on(tool)] == ["t-read"]
    connector.rollback(FORCE, was, "key")
    assert sorted(tool for tool in plane.tools if plane.is_on(tool)) == ["t-read", "t-write"]
    assert connector.verify_rollback(FORCE, was).verdict is Verdict.YES


@pytest.mark.parametrize("status", [400, 500])
def test_tools_that_cannot_be_switched_save_no_other(plane: Forge, connector: Connector, status: int) -> None:
    evil = [f"a-{n}" for n in range(4)]
    plane.tools |= dict.fromkeys(evil, ("g-jira", False))

    def answer(method: str, target: str, token: str, body: Any, answer: Any = plane.answer) -> Any:
        is_evil = method == "POST" and "/v1/tools/a-" in target
        return (status, {"detail": "no"}) if is_evil else answer(method, target, token, body)

    plane.answer = answer  # type: ignore[method-assign]
    with pytest.raises(Indeterminate):
        connector.apply(FORCE, None, "key")
    assert [tool for tool in plane.tools if plane.is_on(tool)] == ["t-read", *evil]


def test_without_knowing_what_was_on_nothing_is_switched_on(connector: Connector) -> None:
    with pytest.raises(Unsupported, match="by hand"):
        connector.rollback(FORCE, Baseline(in_force=False, facts={}, seen_at=""), "key")


def test_a_gateway_that_is_off_keeps_its_tools_off(plane: Forge, connector: Connector) -> None:
    was = connector.baseline(FORCE)
    connector.apply(FORCE, was, "key")
    plane.off.add("g-jira")
    connector.rollback(FORCE, was, "key")
    assert "t-other" in plane.off
    assert connector.verify_rollback(FORCE, was).verdict is Verdict.YES


def test_large_texts_of_a_suspect_s_tools_hide_no_tool(plane: Forge, connector: Connector) -> None:
    plane.page = 100
    plane.tools = {f"t-evil-{n}": ("g-github", True) for n in range(60)} | plane.tools
    plane.off.add("t-read")

    def tool(one: str, answer: Any = plane.tool) -> Any:
        text = {"description": "x" * 200_000} if "evil" in one else {}
        return answer(one) | {"inputSchema": text}

    plane.tool = tool  # type: ignore[method-assign]
    was = connector.baseline(DISABLE)
    assert was.facts["tools_off"] == ["t-read"]
    connector.apply(FORCE, connector.baseline(FORCE), "key")
    assert connector.verify(FORCE).verdict is Verdict.YES
    assert plane.off == {"t-read", "t-write", "t-other"}


def test_a_session_that_ran_out_is_replaced(plane: Forge) -> None:
    clock = _Later()
    made = connect(
        Binding("contextforge", plane.url, Secret(PASSWORD), {"login": EMAIL, "workers_s": 0}), clock=clock
    )
    made.baseline(DISABLE)
    plane.sessions.clear()
    clock.ahead_s = 1200
    assert not made.baseline(DISABLE).in_force
    assert plane.calls.count("POST /v1/auth/login") == 2
    made.close()


def test_a_new_session_that_is_refused_late_is_the_last_word(plane: Forge) -> None:
    """A gateway that answers 401 when the session is no longer new was asked, with a login each, for ever."""
    clock = _Later()

    def late(method: str, target: str, token: str, body: Any, answer: Any = plane.answer) -> Any:
        if plane.calls.count("POST /v1/auth/login") > 5:
            return 500, {}
        if "login" in target:
            return answer(method, target, token, body)
        clock.ahead_s += 11
        return 401, {"detail": "Invalid authentication credentials"}

    plane.answer = late  # type: ignore[method-assign]
    made = connect(
        Binding("contextforge", plane.url, Secret(PASSWORD), {"login": EMAIL, "workers_s": 0}), clock=clock
    )
    with pytest.raises(Denied, match="401"):
        made.baseline(DISABLE)
    assert plane.calls.count("POST /v1/auth/login") == 2
    made.close()


def test_a_wrong_password_is_a_refusal_that_says_so(plane: Forge) -> None:
    made = connect(
        Binding("contextforge", plane.url, Secret("not-the-password"), {"login": EMAIL}), clock=SystemClock()
    )
    with pytest.raises(Denied, match="no login") as caught:
        made.baseline(DISABLE)
    assert "not-the-password" not in str(caught.value)
    made.close()


def test_other_workers_may_go_on_until_their_memory_ends(plane: Forge) -> None:
    clock = _Later()
    binding = Binding("contextforge", plane.url, Secret(PASSWORD), {"login": EMAIL, "workers_s": 65})
    made = connect(binding, clock=clock)
    plane.off.add("g-github")
    plane.updated_at = clock.now().isoformat()
    (exposure,) = made.verify(DISABLE).exposures
    assert "have not noticed" in exposure.what
    clock.ahead_s = 64
    assert made.verify(DISABLE).exposures == (exposure,)
    clock.ahead_s = 66
    assert not made.verify(DISABLE).exposures
    plane.updated_at = "2026-11-23T15:48:33.552843"
    again = connect(binding, clock=clock)
    assert not again.verify(DISABLE).exposures, "it was switched off long ago"
    for one in (made, again):
        one.close()


def test_our_own_switch_is_not_dated_by_the_plane_s_clock(plane: Forge) -> None:
    clock = _Later()
    binding = Binding("contextforge", plane.url, Secret(PASSWORD), {"login": EMAIL, "workers_s": 65})
    made = connect(binding, clock=clock)
    plane.updated_at = "2026-11-23T15:48:33.552843"  # a clock that is late
    made.apply(DISABLE, made.baseline(DISABLE), "key")
    (exposure,) = made.verify(DISABLE).exposures
    assert "have not noticed" in exposure.what
    clock.ahead_s = 66
    assert not made.verify(DISABLE).exposures
    made.apply(DISABLE, None, "key")
    assert made.verify(DISABLE).exposures, "the time of the last switch counts"
    made.close()


class _Later(SystemClock):
    """The clock of this machine, and so many seconds ahead."""

    ahead_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead_s)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


# what the plane says is what was recorded


@pytest.mark.parametrize(
    ("recording", "method", "path"),
    [
        ("05-list-gateways", "GET", "/v1/gateways?include_inactive=true"),
        ("14-readback-gateway-disabled", "GET", "/v1/gateways/g-github"),
        ("06-list-tools", "GET", "/v1/tools?include_inactive=true"),
        ("10-disable-gateway", "POST", "/v1/gateways/g-github/state?activate=false"),
        ("18-disable-unknown-gateway", "POST", "/v1/gateways/g-none/state?activate=false"),
        ("19-get-unknown-gateway", "GET", "/v1/gateways/g-none"),
        ("27-disable-tool-write", "POST", "/v1/tools/t-write/state?activate=false"),
        ("32-disable-unknown-tool", "POST", "/v1/tools/t-none/state?activate=false"),
        ("38-list-tokens-admin", "GET", "/v1/tokens/admin/all?limit=100&offset=0"),
        ("40-revoke-token", "DELETE", "/v1/tokens/admin/k-github"),
        ("46-revoke-unknown", "DELETE", "/v1/tokens/admin/k-none"),
    ],
)
def test_the_stand_in_answers_as_the_plane_was_recorded(recording: str, method: str, path: str) -> None:
    recorded = json.loads((RECORDED / f"{recording}.json").read_text())["response"]
    plane = Forge(sessions={"ours"})
    status, said = plane.answer(method, path, "ours", None)
    assert status == recorded["status"]
    _is_part(said, recorded["body"])


def _is_part(said: Any, recorded: Any) -> None:
    """Every name of ours is one of theirs, with a value of the same kind."""
    if isinstance(said, dict):
        for name in said:
            assert name in recorded, name
            _is_part(said[name], recorded[name])
    elif isinstance(said, list) and said and recorded:
        _is_part(said[0], recorded[0])
    elif said is not None and recorded is not None:
        assert type(said) is type(recorded), (said, recorded)


def test_the_page_shows_a_profile_that_works(tmp_path: Path, plane: Forge) -> None:
    (shown,) = re.findall(
        r"^```toml\n(.*?)^```", (ROOT / "docs" / "contextforge.md").read_text(), re.M | re.S
    )
    path = tmp_path / "mcpsoar.toml"
    path.write_text(shown.replace("https://forge.example.com", plane.url).replace("soar@example.com", EMAIL))
    environ = {"FORGE_PASSWORD": PASSWORD, "CANARY_TOKEN": "canary-token"}
    profile = settings.load(settings.Asked(config=str(path)), environ).profile
    made = connect(profile.roles["registry"], clock=SystemClock())
    assert not made.baseline(DISABLE).in_force
    made.close()
    assert list(profile.canaries) == ["canary", "canary.all", "canary.rpc"]
