"""Policy v1: who may call what. Pure: it looks at what it is given and says one ruling.

The three rules of policy v1 keep their ids; what the gateway must check around them (tokens, the registry's
switch, audiences, pins) has ids of its own, so that a log says which of them decided.
"""

from dataclasses import dataclass
from enum import StrEnum

from mcpsoar.lab.approvals import Approval
from mcpsoar.lab.records import ApprovalMode, Entry, PolicyState
from mcpsoar.lab.tokens import Bearer

VERSION = "v1"
MAX_RUNTIME_S = 60.0  # policy v1, require-approval-for-write


class Decision(StrEnum):
    """What policy says before dispatch, as the log has it."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    REQUIRE_APPROVAL = "REQUIRE_APPROVAL"
    ERROR = "ERROR"
    NONE = "NONE"


class Weakness(StrEnum):
    """A control that is switched off, to see who notices."""

    REGISTRY = "registry"  # unregistered and disabled servers are served
    TOKENS = "tokens"  # audience, revocation and scopes are not looked at
    PRINCIPALS = "principals"  # whoever brings no token is let in
    PINS = "pins"  # a manifest that changed is served as if nothing had
    APPROVALS = "approvals"  # an approval is good for any call, its approver's own too
    ENFORCEMENT = "enforcement"  # a call that policy refuses or holds is logged so, and runs
    ENGINE = "engine"  # policy does not answer, and calls run
    ROUTE = "route"  # calls come by a way on which no policy stands
    VERDICTS = "verdicts"  # what the output stage finds is labelled and passed on
    SCANNING = "scanning"  # outputs are not looked at


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision. `word` is for programs (empty when allowed), `why` for people; `status` is HTTP's."""

    decision: Decision
    policy_id: str | None = None
    word: str = ""
    why: str = ""
    status: int = 200

    @property
    def is_allowed(self) -> bool:
        return self.decision is Decision.ALLOW


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of one tool call when it is judged.

    `scopes_fit` is None when the pin does not say what the call needs; `drifted` when the live manifest
    differs from the pin, `in_window` when that was announced.
    """

    tool: str
    action: str
    scopes_fit: bool | None
    drifted: bool
    in_window: bool
    approval: Approval | None


ALLOWED = Ruling(Decision.ALLOW)


def admission(
    server: str, entry: Entry | None, bearer: Bearer, weak: frozenset[Weakness] = frozenset()
) -> Ruling:
    """Whether this bearer may talk to this server at all; asked for every request, in old sessions too."""
    problem = bearer.problem
    if problem and _PARDONS.get(problem) not in weak:
        return _denied("token", problem, _TOKEN_WORDS[problem], status=401)
    if Weakness.REGISTRY not in weak:
        if entry is None or entry.status != "approved":
            why = f"server {server!r} is not an approved server of the registry"
            return _denied("deny-unregistered-server", "policy_denied", why)
        if not entry.is_enabled:
            return _denied("registry-disabled", "server_disabled", f"server {server!r} is disabled")
    token = bearer.token
    if entry and token and not token.is_for(entry.audience) and Weakness.TOKENS not in weak:
        return _denied("token-audience", "access_denied", f"this token is not for {entry.audience!r}")
    return ALLOWED


def call(
    entry: Entry | None, asked: Asked, policy: PolicyState, weak: frozenset[Weakness] = frozenset()
) -> Ruling:
    """Whether an admitted bearer may make this call.

    A refusal outranks a hold: what may not be done is not offered for approval. Only a weakened gateway has
    no answer of its policy (ERROR) or none to ask (NONE); whether such a call runs is said by `runs`.
    """
    if Weakness.ROUTE in weak:
        return Ruling(Decision.NONE)
    if Weakness.ENGINE in weak:
        return Ruling(Decision.ERROR, None, "policy_unavailable", "policy did not answer", 503)
    if entry is None:
        return ALLOWED  # only a weakened registry lets an unregistered server come this far
    if asked.tool in entry.tools_off and Weakness.REGISTRY not in weak:
        why = f"tool {asked.tool!r} of {entry.server!r} is disabled"
        return _denied("registry-tool-disabled", "tool_disabled", why)
    if asked.drifted and not asked.in_window and Weakness.PINS not in weak:
        why = f"the manifest of {entry.server!r} is not the one that was approved"
        return _denied("pin-mismatch", "policy_denied", why)
    if asked.scopes_fit is False and Weakness.TOKENS not in weak:
        why = f"{asked.tool!r} is a {asked.action} call, and this token has no scope for it"
        return _denied("deny-scope-mismatch", "insufficient_scope", why)
    if asked.action == "read":
        return ALLOWED
    if asked.approval:
        return Ruling(Decision.ALLOW, "require-approval-for-write")
    if entry.approval_mode is ApprovalMode.OBSERVE and not policy.is_forced:
        return Ruling(Decision.ALLOW, "require-approval-for-write", why="observed, not enforced")
    return held(asked)


def runs(ruling: Ruling, weak: frozenset[Weakness] = frozenset()) -> bool:
    """Whether a call so ruled reaches its server: the allowed alone, unless a control is switched off."""
    match ruling.decision:
        case Decision.ALLOW:
            return True
        case Decision.NONE:
            return Weakness.ROUTE in weak
        case Decision.ERROR:
            return Weakness.ENGINE in weak
        case _:
            return Weakness.ENFORCEMENT in weak


def held(asked: Asked) -> Ruling:
    """The hold of a call that nobody has approved."""
    return Ruling(
        Decision.REQUIRE_APPROVAL,
        "require-approval-for-write",
        "approval_required",
        f"{asked.tool!r} is a {asked.action} call and needs an approval",
        403,
    )


# the weakness under which a problem of a token is overlooked
_PARDONS = {"token_revoked": Weakness.TOKENS, "unauthorized": Weakness.PRINCIPALS}
_TOKEN_WORDS = {
    "unauthorized": "no bearer token",
    "invalid_token": "this token is not known here, or has expired",
    "token_revoked": "token has been revoked",
}


def _denied(policy_id: str, word: str, why: str, *, status: int = 403) -> Ruling:
    return Ruling(Decision.DENY, policy_id, word, why, status)
