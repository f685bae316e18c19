"""What the lab's control plane keeps: registry entries, tokens, the policy, its ledger."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from mcpsoar.core.digest import Facts


class ApprovalMode(StrEnum):
    """ENFORCE holds an unapproved write; OBSERVE lets it through and only writes it down."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


class TokenKind(StrEnum):
    """Opaque and refresh tokens are looked up; a JWT carries its own end and cannot be called back."""

    OPAQUE = "opaque"
    JWT = "jwt"
    REFRESH = "refresh"


class Role(StrEnum):
    """What a bearer of the control plane may do; each role includes the ones before it.

    READER reads, RESPONDER contains and releases, OPERATOR also registers, approves and sets faults.
    """

    READER = "reader"
    RESPONDER = "responder"
    OPERATOR = "operator"

    def includes(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered server. `status` is its approval by governance, `state` whether it is switched on.

    `audience` is what a token for this server must name. `tools` is the pinned manifest, `pin` its hash
    (64 hex digits); both are empty until pinned. `tools_off` are those of its tools that are switched off.
    """

    server: str
    state: str = "enabled"
    environment: str = "production"
    fingerprint: str = ""
    status: str = "approved"
    audience: str = ""
    approval_mode: ApprovalMode = ApprovalMode.ENFORCE
    tools: tuple[Facts, ...] = ()
    pin: str = ""
    tools_off: tuple[str, ...] = ()

    @property
    def is_enabled(self) -> bool:
        return self.state == "enabled"

    def tool(self, name: str) -> Facts | None:
        """The pinned description of one tool; None when the pin does not know it."""
        return next((tool for tool in self.tools if tool.get("name") == name), None)


@dataclass(frozen=True, slots=True)
class Token:
    """One issued token, without its text. Times are epoch seconds; `id` is the jti."""

    id: str
    kind: TokenKind
    audience: tuple[str, ...]
    expires_at: float
    active: bool = True
    scopes: tuple[str, ...] = ()
    client_id: str = ""
    actor: str = ""
    actor_type: str = "agent"
    tags: tuple[str, ...] = ()
    issuer: str = ""

    def is_of(self, principal: str) -> bool:
        """Whether it was issued to this client, or for this actor."""
        return principal in (self.client_id, self.actor)

    def is_for(self, audience: str) -> bool:
        """A wildcard audience is for everybody."""
        return audience in self.audience or "*" in self.audience


@dataclass(frozen=True, slots=True)
class PolicyState:
    """Whether writes need approval everywhere (`forced`); `version` grows with each change."""

    write_approval: str
    since: str
    version: int

    @property
    def is_forced(self) -> bool:
        return self.write_approval == "forced"

    def as_facts(self) -> Facts:
        return {"write_approval": self.write_approval, "since": self.since, "version": self.version}


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the ledger: a request that reached the control plane, and whether it changed anything.

    `path` is as it was sent, percent-encoding and query included.
    """

    method: str
    path: str
    key: str | None
    status: int
    at: str
    changed: bool
    by: str | None = None
    replayed: bool = False

    def as_facts(self) -> Facts:
        return {
            "method": self.method,
            "path": self.path,
            "key": self.key,
            "status": self.status,
            "at": self.at,
            "changed": self.changed,
            "by": self.by,
            "replayed": self.replayed,
        }


class View(Protocol):
    """What the data plane and the read-backs look at: the plane itself, or a stale copy of it."""

    def server(self, name: str) -> Entry | None: ...

    def servers(self) -> tuple[Entry, ...]: ...

    def token(self, token_hash: str) -> Token | None: ...

    def tokens(self) -> tuple[Token, ...]: ...

    def policy(self) -> PolicyState: ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The plane as it was: caches, lagging replicas and stale read-backs answer from one."""

    entries: tuple[Entry, ...]
    hashed: tuple[tuple[str, Token], ...] = field(repr=False)
    now_policy: PolicyState
    version: int

    def server(self, name: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.server == name), None)

    def servers(self) -> tuple[Entry, ...]:
        return self.entries

    def token(self, token_hash: str) -> Token | None:
        return next((token for known, token in self.hashed if known == token_hash), None)

    def tokens(self) -> tuple[Token, ...]:
        return tuple(token for _, token in self.hashed)

    def policy(self) -> PolicyState:
        return self.now_policy
