"""The gateway, met by the SDK's own clients: what runs, what is refused, and what is written down."""

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from mcpsoar.contain.canary import McpCanary
from mcpsoar.core.event import Kind
from mcpsoar.core.profile import CanaryBinding
from mcpsoar.core.run import Passage
from mcpsoar.core.secret import Secret
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.agent import Agent, Agents, Said
from mcpsoar.lab.embedded import Lab, lab
from mcpsoar.lab.faults import Fault
from mcpsoar.pack import schema

ALICE, BOB = "alice@example.com", "bob@example.com"
Revision = Literal["newest", "session"]
WIRE = {"newest": "2026-07-28", "session": "2025-11-25"}
TYPES: dict[Kind, Any] = {Kind.BOOL: bool, Kind.INTEGER: int, Kind.NUMBER: int | float, Kind.TEXTS: list}
BOTH = pytest.mark.parametrize("revision", ["newest", "session"])


@dataclass
class Bench:
    """A lab with clients; `lines()` are the audit events since the last time they were asked for."""

    lab: Lab
    agents: Agents
    seen: int = 0

    def agent(
        self,
        server: str,
        revision: Revision = "newest",
        *,
        aud: str | None = None,
        kind: Literal["opaque", "jwt"] = "opaque",
        scopes: tuple[str, ...] | None = None,
    ) -> Agent:
        aud = aud or server
        granted = scopes if scopes is not None else (f"{aud}:read", f"{aud}:write")
        token = self.lab.issue(ALICE, aud, kind=kind, scopes=granted, tags=("staff",), client_id="ide")
        return self.agents.connect(self.lab.url, server, token, revision=revision)

    def lines(self) -> list[dict[str, Any]]:
        whole = [json.loads(line) for line in self.lab.audit_log.read_bytes().splitlines()]
        new, self.seen = whole[self.seen :], len(whole)
        return new

    def last(self) -> dict[str, Any]:
        return self.lines()[-1]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with lab(tmp_path) as running, Agents() as agents:
        yield Bench(running, agents)


def refused(said: Said, word: str) -> bool:
    return said.kind == "refused" and said.text.startswith(f"{word}: ")


@BOTH
def test_a_read_is_executed_and_its_line_says_who_what_and_why(bench: Bench, revision: Revision) -> None:
    said = bench.agent("github", revision).call("list_issues", {}, conversation="talk")
    assert said.kind == "executed"
    assert "Login is slow" in said.text
    assert bench.lab.executed("github") == 1
    line = bench.last()
    assert {
        name: line[name] for name in ("event_kind", "actor_id", "client_id", "server_name", "tool_name")
    } == {
        "event_kind": "tool_call",
        "actor_id": ALICE,
        "client_id": "ide",
        "server_name": "github",
        "tool_name": "list_issues",
    }
    assert (line["decision"], line["action_class"], line["status"]) == ("ALLOW", "read", "ok")
    assert (line["classifier_result"], line["manifest_match"], line["scope_match"]) == ("CLEAN", True, True)
    assert (line["conversation_id"], line["actor_tags"], line["span_id"]) == ("talk", ["staff"], said.span_id)
    assert line["protocol_version"] == WIRE[revision]
    assert ("session_id" in line) is (revision == "session")


@BOTH
def test_an_unregistered_server_is_denied_and_never_reached(bench: Bench, revision: Revision) -> None:
    assert refused(bench.agent("helper", revision).call("run_demo", {}), "policy_denied")
    assert bench.lab.executed("helper") == 0
    line = bench.last()
    assert (line["decision"], line["policy_id"]) == ("DENY", "deny-unregistered-server")
    assert (line["registry_status"], line["environment"]) == ("unknown", "production")
    assert "audience_match" not in line


def test_a_name_that_is_no_server_is_denied_and_stays_data(bench: Bench) -> None:
    name = '../x"\u202e/é'
    assert refused(bench.agent(name, aud="github").call("run", {}), "policy_denied")
    assert bench.last()["server_name"] == name


def test_a_write_is_held_until_somebody_else_approves_that_very_call(bench: Bench) -> None:
    agent, issue = bench.agent("github"), {"title": "expires"}
    assert refused(agent.call("create_issue", issue), "approval_required")
    assert bench.last()["decision"] == "REQUIRE_APPROVAL"
    approval = bench.lab.approve("github", "create_issue", issue, ALICE, by=BOB)
    assert refused(agent.call("create_issue", {"title": "other"}, approval=approval), "approval_required")
    assert bench.lab.executed("github") == 0
    assert agent.call("create_issue", issue, approval=approval).kind == "executed"
    line = bench.last()
    assert (line["decision"], line["approval_id"], line["approver_id"]) == ("ALLOW", approval, BOB)
    own = bench.lab.approve("github", "create_issue", issue, ALICE, by=ALICE)
    assert refused(agent.call("create_issue", issue, approval=own), "approval_required")


def test_an_observed_write_runs_without_approval_until_approval_is_forced(bench: Bench) -> None:
    agent = bench.agent("github")
    bench.lab.observe("github")
    assert agent.call("merge_pull_request", {"number": 7}).kind == "executed"
    line = bench.last()
    assert (line["decision"], line["action_class"], line.get("approval_id")) == ("ALLOW", "write", None)
    bench.lab.plane.force()
    assert refused(agent.call("merge_pull_request", {"number": 8}), "approval_required")
    approval = bench.lab.approve("github", "merge_pull_request", {"number": 8}, ALICE, by=BOB)
    assert agent.call("merge_pull_request", {"number": 8}, approval=approval).kind == "executed"
    bench.lab.plane.lift()
    assert agent.call("merge_pull_request", {"number": 9}).kind == "executed"
    bench.lab.observe("github", on=False)
    assert refused(agent.call("merge_pull_request", {"number": 9}), "approval_required")


@BOTH
@pytest.mark.parametrize("kind", ["opaque", "jwt"])
def test_a_token_for_another_server_is_refused(
    bench: Bench, revision: Revision, kind: Literal["opaque", "jwt"]
) -> None:
    assert refused(
        bench.agent("crm", revision, aud="jira", kind=kind).call("export_contacts", {}), "access_denied"
    )
    assert bench.lab.executed("crm") == 0
    line = bench.last()
    assert (line["decision"], line["audience_match"], line["token_aud"]) == ("DENY", False, ["jira"])
    assert line["server_audience"] == "crm"


def test_a_token_without_the_scope_is_refused(bench: Bench) -> None:
    agent = bench.agent("notes", scopes=("notes:read",))
    assert refused(agent.call("append", {"text": "x"}), "insufficient_scope")
    line = bench.last()
    assert (line["decision"], line["policy_id"], line["scope_match"]) == (
        "DENY",
        "deny-scope-mismatch",
        False,
    )
    assert (line["required_scopes"], line["token_scopes"]) == (["notes:write"], ["notes:read"])
    assert agent.call("summarize", {"text": "x"}).kind == "executed"


def test_a_disabled_server_refuses_the_old_session_the_old_client_and_new_ones(bench: Bench) -> None:
    old = {revision: bench.agent("github", revision, kind="jwt") for revision in ("newest", "session")}
    assert {agent.call("list_issues", {}).kind for agent in old.values()} == {"executed"}
    bench.lab.plane.set_state("github", "disabled")
    ran = bench.lab.executed("github")
    bench.lines()
    for agent in (*old.values(), bench.agent("github"), bench.agent("github", "session")):
        assert refused(agent.call("list_issues", {}), "server_disabled")
    assert bench.lab.executed("github") == ran
    assert {line["decision"] for line in bench.lines()} == {"DENY"}
    bench.lab.plane.set_state("github", "enabled")
    assert {agent.call("list_issues", {}).kind for agent in old.values()} == {"executed"}


def test_revocation_ends_opaque_tokens_even_in_an_open_session_and_no_jwt(bench: Bench) -> None:
    opaque, signed = bench.agent("jira", "session"), bench.agent("jira", "session", kind="jwt")
    for agent in (opaque, signed):
        assert agent.call("search", {"query": "login"}).kind == "executed"
    bench.lab.plane.revoke("jira")
    bench.lines()
    assert refused(opaque.call("search", {"query": "login"}), "token_revoked")
    assert bench.last()["actor_id"] == ALICE
    assert signed.call("search", {"query": "login"}).kind == "executed"
    bench.lab.plane.set_state("jira", "disabled")
    assert refused(signed.call("search", {"query": "login"}), "server_disabled")


def test_no_token_and_an_unknown_one_are_401_and_name_nobody(bench: Bench) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    url = f"{bench.lab.url}/mcp/github"
    for headers in ({}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic bm9ib2R5"}):
        answer = httpx.post(url, json=body, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        line = bench.last()
        assert (line["decision"], line["event_kind"], line.get("actor_id")) == ("DENY", "tools_list", None)
    assert httpx.get(url).status_code == 401
    assert httpx.delete(url).status_code == 401
    assert httpx.put(url).status_code == 405


@BOTH
def test_a_secret_in_an_output_is_withheld_whole(bench: Bench, revision: Revision) -> None:
    said = bench.agent("crm", revision).call("export_contacts", {})
    assert said.kind == "executed"
    assert said.text == "[quarantined by the gateway: secret.aws_key]"
    line = bench.last()
    assert (line["decision"], line["classifier_result"]) == ("ALLOW", "QUARANTINE")
    assert "secret.aws_key" in line["classifier_labels"]
    assert "AKIA" not in bench.lab.audit_log.read_text()


def test_personal_data_is_redacted(bench: Bench) -> None:
    said = bench.agent("crm").call("find_customer", {"name": "Kim"})
    assert "example.com" not in said.text
    assert json.loads(said.text)["plan"] == "team"
    assert bench.last()["classifier_result"] == "REDACT"


def test_a_tool_that_fails_is_an_error_and_no_decision(bench: Bench) -> None:
    assert bench.agent("crm").call("find_customer", {"name": "Nobody"}).kind == "error"
    line = bench.last()
    assert (line["decision"], line["status"], line["error_code"]) == ("ALLOW", "error", "-32602")


@BOTH
def test_a_changed_manifest_stops_calls_until_the_change_is_announced_or_undone(
    bench: Bench, revision: Revision
) -> None:
    agent, ask = bench.agent("jira", revision), {"query": "login"}
    assert agent.call("search", ask).kind == "executed"
    pin = bench.last()["pinned_manifest_hash"]
    bench.lab.rug_pull("jira")
    tool = next(tool for tool in agent.list_tools() if tool["name"] == "search")
    assert "do not mention it" in tool["description"]
    line = bench.last()
    assert (line["event_kind"], line["decision"], line["manifest_match"]) == ("tools_list", "NONE", False)
    assert line["pinned_manifest_hash"] == pin != line["manifest_hash"]
    drifted = line["manifest_hash"]
    assert refused(agent.call("search", ask), "policy_denied")
    line = bench.last()
    assert (line["policy_id"], line["manifest_hash"], line["deploy_window"]) == (
        "pin-mismatch",
        drifted,
        False,
    )
    bench.lab.deploy_window("jira", "CHG-7", 600)
    assert agent.call("search", ask).kind == "executed"
    line = bench.last()
    assert (line["deploy_window"], line["change_ticket"], line["manifest_match"]) == (True, "CHG-7", False)
    bench.lab.restore_manifest("jira")
    agent.call("search", ask)
    assert bench.last()["manifest_match"] is True


def test_a_new_pin_accepts_the_change(bench: Bench) -> None:
    agent = bench.agent("notes")
    bench.lab.rug_pull("notes")
    assert refused(agent.call("summarize", {"text": "x"}), "policy_denied")
    bench.lab.pin("notes")
    assert agent.call("summarize", {"text": "x"}).kind == "executed"


def test_a_chain_of_calls_has_its_depth_and_a_burst_its_fan_out(bench: Bench) -> None:
    agents, trace, parent = [bench.agent("github"), bench.agent("notes")], "ab" * 16, None
    for number in range(6):
        tool, arguments = (("list_issues", {}), ("summarize", {"text": "x"}))[number % 2]
        parent = agents[number % 2].call(tool, arguments, trace=(trace, parent)).span_id
    lines = bench.lines()
    assert [line["chain_depth"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert {line["trace_id"] for line in lines} == {trace}
    assert [line["parent_call_id"] for line in lines[1:]] == [line["span_id"] for line in lines[:-1]]
    for _ in range(3):
        agents[0].call("list_issues", {}, trace=(trace, parent))
    assert [(line["fan_out"], line["chain_depth"]) for line in bench.lines()] == [(1, 7), (2, 7), (3, 7)]


def test_a_conversation_that_read_the_open_web_is_marked_from_then_on(bench: Bench) -> None:
    web, notes = bench.agent("web"), bench.agent("notes")
    page = {"url": "https://blog.example.com/release-notes"}
    notes.call("summarize", {"text": "x"}, conversation="c")
    web.call("fetch_page", page, conversation="c")
    notes.call("append", {"text": "x"}, conversation="c")
    notes.call("summarize", {"text": "x"}, conversation="other")
    notes.call("summarize", {"text": "x"})
    lines = bench.lines()
    assert [line.get("untrusted_context") for line in lines] == [False, False, True, False, None]
    assert [line["open_world"] for line in lines[:2]] == [False, True]


def test_every_line_fits_the_dictionary(bench: Bench, root: Path) -> None:
    columns = {column.name: column for column in schema.load(root)}
    bench.agent("github", "session").call("list_issues", {}, conversation="c")
    bench.agent("helper").call("run_demo", {})
    bench.agent("crm").call("export_contacts", {})
    bench.agent("notes", scopes=()).call("append", {"text": "x"})
    agent = bench.agent("web")
    agent.list_tools()
    agent.call("fetch_page", {"url": "https://docs.example.com/guide"}, trace=("ab" * 16, "cd" * 8))
    lines = bench.lines()
    assert len({line["event_id"] for line in lines}) == len(lines) >= 7
    for line in lines:
        assert not set(line) - set(columns)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["event_time"])
        for name, value in line.items():
            column = columns[name]
            assert isinstance(value, TYPES.get(column.kind, str)), name
            assert column.kind is not Kind.ENUM or str(value).lower() in column.values, (name, value)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"[]", -32700),
        (b'[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"tools/list"}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":[]}}', -32602),
        (b" " * ((1 << 20) + 1), -32700),
    ],
)
def test_what_two_could_read_differently_is_read_by_none(bench: Bench, body: bytes, code: int) -> None:
    token = bench.lab.issue(ALICE, "github", scopes=("github:read", "github:write"))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = httpx.post(f"{bench.lab.url}/mcp/github", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert (bench.lab.executed("github"), bench.last()["decision"]) == (0, "ERROR")


def test_a_session_serves_only_who_opened_it(bench: Bench) -> None:
    agent = bench.agent("github", "session")
    agent.call("list_issues", {})
    session = bench.last()["session_id"]
    thief = bench.lab.issue(BOB, "github", scopes=("github:read",), client_id="other")
    answer = httpx.post(
        f"{bench.lab.url}/mcp/github",
        json={"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "list_issues"}},
        headers={
            "Authorization": f"Bearer {thief}",
            "Accept": "application/json, text/event-stream",
            "Mcp-Session-Id": session,
            "MCP-Protocol-Version": "2025-11-25",
        },
    )
    assert answer.status_code == 404
    assert bench.lab.executed("github") == 1


@BOTH
def test_the_canary_runs_before_and_meets_a_denial_after(bench: Bench, revision: Revision) -> None:
    url = f"{bench.lab.url}/mcp/{{server}}"
    token = bench.lab.issue("canary@example.com", "github", kind="jwt", scopes=("github:read",))
    binding = CanaryBinding(url, "list_issues", {}, Secret(token), hold_s=1, every_s=1)
    canary = McpCanary(
        binding, clock=SystemClock(), transport=_Handshake() if revision == "session" else None
    )
    assert canary.probe("github").passage is Passage.EXECUTED
    ran = [line for line in bench.lines() if line["event_kind"] == "tool_call"]
    assert [line["protocol_version"] for line in ran] == [WIRE[revision]]
    bench.lab.plane.set_state("github", "disabled")
    assert canary.probe("github").passage is Passage.DENIED
    bench.lab.plane.set_state("github", "enabled")
    assert canary.probe("github").passage is Passage.EXECUTED


class _Handshake(httpx.HTTPTransport):
    """A middle box that knows no stateless call: 400 to the newest revision, the rest passes."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {key: value for key, value in request.extensions.items() if key != "deadline"}
        if request.headers.get("mcp-protocol-version") == "2026-07-28":
            body = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32022, "message": "unsupported"}}
            return httpx.Response(400, json=body)
        return super().handle_request(request)


def test_a_restart_finds_registry_tokens_key_policy_and_log(tmp_path: Path) -> None:
    with lab(tmp_path) as first:
        opaque = first.issue(ALICE, "github", scopes=("github:read",))
        signed = first.issue(ALICE, "jira", kind="jwt", scopes=("jira:read",))
        admin = first.token
        first.plane.set_state("crm", "disabled")
        first.plane.force()
        with Agents() as agents:
            agents.connect(first.url, "github", opaque).call("list_issues", {})
    with lab(tmp_path) as second, Agents() as agents:
        assert agents.connect(second.url, "github", opaque).call("list_issues", {}).kind == "executed"
        assert agents.connect(second.url, "jira", signed).call("search", {"query": "x"}).kind == "executed"
        crm = second.issue(ALICE, "crm", scopes=("crm:read",))
        assert refused(agents.connect(second.url, "crm", crm).call("export_contacts", {}), "server_disabled")
        answer = httpx.get(f"{second.url}/policy", headers={"Authorization": f"Bearer {admin}"})
        assert answer.json()["write_approval"] == "forced"
        lines = [json.loads(line) for line in second.audit_log.read_bytes().splitlines()]
        assert [line["server_name"] for line in lines] == ["github", "github", "jira", "crm"]


def test_a_weakened_registry_lets_the_shadow_and_the_disabled_run(bench: Bench) -> None:
    bench.lab.weaken("registry")
    assert bench.agent("helper").call("run_demo", {}).kind == "executed"
    bench.lab.plane.set_state("github", "disabled")
    assert bench.agent("github").call("list_issues", {}).kind == "executed"
    assert refused(bench.agent("nowhere", aud="github").call("x", {}), "policy_denied")


def test_weakened_tokens_let_foreign_and_revoked_ones_run(bench: Bench) -> None:
    agent = bench.agent("crm", aud="jira")
    bench.lab.weaken("tokens")
    assert agent.call("find_customer", {"name": "Kim"}).kind == "executed"
    line = bench.last()
    assert (line["decision"], line["audience_match"], line["scope_match"]) == ("ALLOW", False, False)
    bench.lab.plane.revoke("jira")
    assert agent.call("find_customer", {"name": "Kim"}).kind == "executed"


def test_weakened_verdicts_label_a_secret_and_pass_it_on(bench: Bench) -> None:
    bench.lab.weaken("verdicts")
    assert "AKIA" in bench.agent("crm").call("export_contacts", {}).text
    line = bench.last()
    assert line["classifier_result"] == "CLEAN"
    assert "secret.aws_key" in line["classifier_labels"]


def test_unscanned_outputs_have_no_verdict_at_all(bench: Bench) -> None:
    bench.lab.weaken("scanning")
    assert "AKIA" in bench.agent("crm").call("export_contacts", {}).text
    assert not {"classifier_result", "classifier_labels"} & bench.last().keys()


def test_a_weakened_approval_opens_another_call_and_names_its_approver(bench: Bench) -> None:
    approval = bench.lab.approve("github", "merge_pull_request", {"number": 1}, ALICE, by=ALICE)
    agent = bench.agent("github")
    assert refused(agent.call("merge_pull_request", {"number": 2}, approval=approval), "approval_required")
    bench.lab.weaken("approvals")
    assert agent.call("merge_pull_request", {"number": 2}, approval=approval).kind == "executed"
    assert bench.last()["approver_id"] == ALICE


def test_a_header_that_names_another_tool_than_the_body_is_written_down(bench: Bench) -> None:
    token = bench.lab.issue(ALICE, "github", scopes=("github:read",))
    agent = bench.agents.connect(bench.lab.url, "github", token, header_name="get_file")
    assert agent.call("list_issues", {}).kind == "error"
    assert bench.last()["error_code"] == "-32020"


def test_a_cached_enforcement_still_serves_after_the_registry_says_disabled(bench: Bench) -> None:
    agent = bench.agent("github", kind="jwt")
    agent.call("list_issues", {})
    bench.lab.faults.set(Fault.CACHED_ENFORCEMENT, "data", seconds=600)
    bench.lab.plane.set_state("github", "disabled")
    assert agent.call("list_issues", {}).kind == "executed"
    bench.lab.faults.clear()
    assert refused(agent.call("list_issues", {}), "server_disabled")


def test_split_replicas_refuse_only_every_other_call(bench: Bench) -> None:
    agent = bench.agent("github", kind="jwt")
    bench.lab.faults.set(Fault.SPLIT_REPLICAS)
    bench.lab.plane.set_state("github", "disabled")
    kinds = [agent.call("list_issues", {}).kind for _ in range(6)]
    assert kinds == ["refused", "executed"] * 3


def test_a_data_plane_that_is_down_is_an_error_and_no_refusal(bench: Bench) -> None:
    agent = bench.agent("github")
    bench.lab.faults.set(Fault.STATUS, "data", status=503)
    assert agent.call("list_issues", {}).kind == "error"
    assert bench.lines() == []


def test_a_lab_that_is_gone_is_an_error_and_not_an_exception() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with Agents() as agents:
        for revision in ("newest", "session"):
            assert agents.connect(url, "github", "t", revision=revision).call("x", {}).kind == "error"
