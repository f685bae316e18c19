"""Policy v1 as a pure function: what is denied, what is held, and which reason wins."""

from dataclasses import replace

import pytest

from mcpsoar.lab import policy
from mcpsoar.lab.approvals import Approval
from mcpsoar.lab.policy import Asked, Decision, Weakness
from mcpsoar.lab.records import ApprovalMode, Entry, PolicyState, Token, TokenKind
from mcpsoar.lab.tokens import Bearer

ENTRY = Entry("github", audience="github")
TOKEN = Token("t", TokenKind.OPAQUE, ("github",), 1e12, actor="alice@example.com")
GOOD = Bearer(TOKEN)
NORMAL, FORCED = PolicyState("normal", "", 1), PolicyState("forced", "", 2)
READ = Asked("list_issues", "read", scopes_fit=True, drifted=False, in_window=False, approval=None)
WRITE = replace(READ, tool="create_issue", action="write")
OBSERVED = replace(ENTRY, approval_mode=ApprovalMode.OBSERVE)
YES = Approval("apr-1", "bob@example.com")


@pytest.mark.parametrize(
    ("entry", "bearer", "policy_id", "word", "status"),
    [
        (ENTRY, Bearer(None, "unauthorized"), "token", "unauthorized", 401),
        (ENTRY, Bearer(TOKEN, "invalid_token"), "token", "invalid_token", 401),
        (ENTRY, Bearer(TOKEN, "token_revoked"), "token", "token_revoked", 401),
        (None, GOOD, "deny-unregistered-server", "policy_denied", 403),
        (replace(ENTRY, status="pending"), GOOD, "deny-unregistered-server", "policy_denied", 403),
        (replace(ENTRY, state="disabled"), GOOD, "registry-disabled", "server_disabled", 403),
        (
            replace(ENTRY, audience="https://github.example.com/mcp"),
            GOOD,
            "token-audience",
            "access_denied",
            403,
        ),
    ],
)
def test_who_is_not_let_in(
    entry: Entry | None, bearer: Bearer, policy_id: str, word: str, status: int
) -> None:
    ruling = policy.admission("github", entry, bearer)
    assert ruling.decision is Decision.DENY
    assert (ruling.policy_id, ruling.word, ruling.status) == (policy_id, word, status)


def test_a_good_token_is_let_in() -> None:
    assert policy.admission("github", ENTRY, GOOD).is_allowed


def test_a_weakened_registry_lets_unregistered_and_disabled_servers_in_and_nobody_without_a_token() -> None:
    weak = frozenset({Weakness.REGISTRY})
    assert policy.admission("helper", None, GOOD, weak).is_allowed
    assert policy.admission("github", replace(ENTRY, state="disabled"), GOOD, weak).is_allowed
    assert not policy.admission("github", ENTRY, Bearer(None, "unauthorized"), weak).is_allowed


def test_weakened_tokens_let_revoked_and_foreign_ones_in_and_unknown_ones_not() -> None:
    weak = frozenset({Weakness.TOKENS})
    assert policy.admission("github", ENTRY, Bearer(TOKEN, "token_revoked"), weak).is_allowed
    assert policy.admission("github", replace(ENTRY, audience="other"), GOOD, weak).is_allowed
    assert policy.call(ENTRY, replace(READ, scopes_fit=False), NORMAL, weak).is_allowed
    assert not policy.admission("github", ENTRY, Bearer(None, "invalid_token"), weak).is_allowed


@pytest.mark.parametrize(
    ("entry", "asked", "state", "decision", "policy_id"),
    [
        (ENTRY, READ, NORMAL, "ALLOW", None),
        (ENTRY, READ, FORCED, "ALLOW", None),
        (ENTRY, WRITE, NORMAL, "REQUIRE_APPROVAL", "require-approval-for-write"),
        (ENTRY, replace(WRITE, approval=YES), NORMAL, "ALLOW", "require-approval-for-write"),
        (
            ENTRY,
            replace(WRITE, action="destructive"),
            NORMAL,
            "REQUIRE_APPROVAL",
            "require-approval-for-write",
        ),
        (ENTRY, replace(WRITE, action="unknown"), NORMAL, "REQUIRE_APPROVAL", "require-approval-for-write"),
        (OBSERVED, WRITE, NORMAL, "ALLOW", "require-approval-for-write"),
        (OBSERVED, WRITE, FORCED, "REQUIRE_APPROVAL", "require-approval-for-write"),
        (OBSERVED, replace(WRITE, approval=YES), FORCED, "ALLOW", "require-approval-for-write"),
        (ENTRY, replace(READ, scopes_fit=False), NORMAL, "DENY", "deny-scope-mismatch"),
        (OBSERVED, replace(WRITE, scopes_fit=False, approval=YES), NORMAL, "DENY", "deny-scope-mismatch"),
        (ENTRY, replace(READ, drifted=True), NORMAL, "DENY", "pin-mismatch"),
        (ENTRY, replace(READ, drifted=True, in_window=True), NORMAL, "ALLOW", None),
        (
            ENTRY,
            replace(WRITE, drifted=True, in_window=True),
            NORMAL,
            "REQUIRE_APPROVAL",
            "require-approval-for-write",
        ),
    ],
)
def test_what_becomes_of_a_call(
    entry: Entry, asked: Asked, state: PolicyState, decision: str, policy_id: str | None
) -> None:
    ruling = policy.call(entry, asked, state)
    assert (ruling.decision.value, ruling.policy_id) == (decision, policy_id)


@pytest.mark.parametrize(
    ("weakness", "asked", "decision"),
    [
        (Weakness.PINS, replace(READ, drifted=True), "ALLOW"),
        (Weakness.ENGINE, WRITE, "ERROR"),
        (Weakness.ROUTE, WRITE, "NONE"),
        (Weakness.ENFORCEMENT, WRITE, "REQUIRE_APPROVAL"),
        (Weakness.ENFORCEMENT, replace(READ, scopes_fit=False), "DENY"),
    ],
)
def test_a_weakened_gateway_says_what_policy_said_and_runs_the_call(
    weakness: Weakness, asked: Asked, decision: str
) -> None:
    ruling = policy.call(ENTRY, asked, NORMAL, frozenset({weakness}))
    assert ruling.decision.value == decision
    assert policy.runs(ruling, frozenset({weakness}))


@pytest.mark.parametrize("decision", [one for one in Decision if one is not Decision.ALLOW])
def test_a_sound_gateway_runs_nothing_but_what_is_allowed(decision: Decision) -> None:
    assert not policy.runs(policy.Ruling(decision))


def test_weakened_principals_let_in_whoever_brings_no_token_and_a_forged_token_not() -> None:
    weak = frozenset({Weakness.PRINCIPALS})
    assert policy.admission("github", ENTRY, Bearer(None, "unauthorized"), weak).is_allowed
    assert not policy.admission("github", ENTRY, Bearer(None, "invalid_token"), weak).is_allowed
    assert not policy.admission("github", ENTRY, Bearer(TOKEN, "token_revoked"), weak).is_allowed
