"""The reference control plane: registry, tokens and policy in one file, with a ledger of every request."""

import hashlib
import json
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from mcpsoar.core.digest import Json
from mcpsoar.core.ports import Clock
from mcpsoar.kit.clock import stamp
from mcpsoar.lab import rows
from mcpsoar.lab.database import Database
from mcpsoar.lab.records import (
    Entry,
    PolicyState,
    Request,
    Role,
    Snapshot,
    Token,
    TokenKind,
)


class Plane:
    """State in one SQLite file (WAL, synchronous=FULL): a change that returned survives kill -9.

    Methods that change something say whether they did. Safe to call from several threads.
    """

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._db = Database(path)
        self._db.write("INSERT OR IGNORE INTO policy VALUES (1, 'normal', ?, 1, 'normal')", (self._stamp(),))

    @property
    def database(self) -> Database:
        """For the rooms that keep their tables in the same file (approvals, deploy windows)."""
        return self._db

    def close(self) -> None:
        self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside commits together or not at all."""
        return self._db.transaction()

    def now(self) -> float:
        """Epoch seconds."""
        return self._clock.now().timestamp()

    # registry

    def server(self, name: str) -> Entry | None:
        self._settle()
        row = self._db.row("SELECT * FROM registry WHERE server = ?", (name,))
        return rows.entry(row, self._tools_off()) if row else None

    def servers(self) -> tuple[Entry, ...]:
        """All entries, by name."""
        self._settle()
        off = self._tools_off()
        return tuple(rows.entry(row, off) for row in self._db.rows("SELECT * FROM registry ORDER BY server"))

    def register(self, entry: Entry) -> None:
        """Add an entry or replace it whole. An empty audience becomes the server's name."""
        entry = replace(entry, audience=entry.audience or entry.server)
        with self._db.transaction():
            self._db.write(
                "INSERT OR REPLACE INTO registry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    entry.server,
                    entry.state,
                    entry.environment,
                    entry.fingerprint,
                    entry.status,
                    entry.audience,
                    entry.approval_mode.value,
                    json.dumps(entry.tools),
                    entry.pin,
                ),
            )
            self._bump()

    def set_state(self, server: str, state: str) -> bool:
        """`enabled` or `disabled`; an unknown server is no change."""
        self._settle()
        sql = "UPDATE registry SET state = ? WHERE server = ? AND state != ?"
        return self._changed(sql, (state, server, state))

    def set_tool(self, server: str, tool: str, *, is_on: bool) -> bool:
        """Switch one tool of a server; it stays so when the server is switched, or registered anew."""
        self._settle()
        sql = (
            "DELETE FROM tools_off WHERE server = ? AND tool = ?"
            if is_on
            else "INSERT OR IGNORE INTO tools_off VALUES (?, ?)"
        )
        return self._changed(sql, (server, tool))

    def _tools_off(self) -> tuple[tuple[str, str], ...]:
        found = self._db.rows("SELECT * FROM tools_off ORDER BY server, tool")
        return tuple((row["server"], row["tool"]) for row in found)

    # tokens

    def issue(self, text: str, token: Token) -> None:
        """Keep a token; of its text only the SHA-256 is stored."""
        with self._db.transaction():
            self._db.write(
                "INSERT INTO tokens (id, hash, kind, audience, expires_at, active, scopes, client_id, actor,"
                " actor_type, tags, issuer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    token.id,
                    token_hash(text),
                    token.kind.value,
                    json.dumps(token.audience),
                    token.expires_at,
                    int(token.active),
                    json.dumps(token.scopes),
                    token.client_id,
                    token.actor,
                    token.actor_type,
                    json.dumps(token.tags),
                    token.issuer,
                ),
            )
            self._bump()

    def token(self, hashed: str) -> Token | None:
        """Look a token up by the hash of its text."""
        self._settle()
        row = self._db.row("SELECT * FROM tokens WHERE hash = ?", (hashed,))
        return rows.token(row) if row else None

    def tokens(self) -> tuple[Token, ...]:
        """All tokens, in the order they were issued, expired and revoked ones included."""
        self._settle()
        return tuple(rows.token(row) for row in self._db.rows("SELECT * FROM tokens ORDER BY seq"))

    def revoke(self, audience: str) -> tuple[str, ...]:
        """Switch off every live opaque and refresh token for an audience; the ids that it ended."""
        return self._revoke(lambda token: token.is_for(audience))

    def revoke_principal(self, principal: str) -> tuple[str, ...]:
        """The same for every such token of a client or an actor."""
        return self._revoke(lambda token: token.is_of(principal))

    def _revoke(self, is_meant: Callable[[Token], bool]) -> tuple[str, ...]:
        self._settle()
        now = self.now()
        ended = tuple(
            token.id
            for token in self.tokens()
            if is_meant(token) and token.active and token.kind is not TokenKind.JWT and token.expires_at > now
        )
        with self._db.transaction():
            for jti in ended:
                self._db.write("UPDATE tokens SET active = 0 WHERE id = ?", (jti,))
            if ended:
                self._bump()
        return ended

    # policy

    def policy(self) -> PolicyState:
        self._settle()
        row = self._db.row("SELECT * FROM policy")
        assert row is not None  # noqa: S101 (written when the file was opened)
        return PolicyState(row["write_approval"], row["since"], row["version"])

    def force(self) -> bool:
        """Every write needs approval, everywhere. What was before is kept for `lift`."""
        self._settle()
        sql = (
            "UPDATE policy SET was = write_approval, write_approval = 'forced', since = ?,"
            " version = version + 1 WHERE write_approval != 'forced'"
        )
        return self._changed(sql, (self._stamp(),))

    def lift(self) -> bool:
        """Back to what it was before `force`."""
        self._settle()
        sql = (
            "UPDATE policy SET write_approval = was, since = ?, version = version + 1"
            " WHERE write_approval = 'forced' AND was != 'forced'"
        )
        return self._changed(sql, (self._stamp(),))

    # idempotency, ledger, principals

    def remembered(self, key: str) -> tuple[str, int, Json] | None:
        """The first request under this key (a digest) with its status and body."""
        row = self._db.row("SELECT * FROM idempotency WHERE key = ?", (key,))
        return (row["request"], row["status"], json.loads(row["body"])) if row else None

    def remember(self, key: str, request: str, status: int, body: Json) -> None:
        values = (key, request, status, json.dumps(body))
        self._db.write("INSERT INTO idempotency VALUES (?, ?, ?, ?)", values)

    def note(self, request: Request) -> None:
        """Append to the ledger; inside a transaction it commits with the change it tells of."""
        self._db.write(
            "INSERT INTO ledger (method, path, key, status, at, changed, by, replayed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                request.method,
                request.path,
                request.key,
                request.status,
                request.at,
                int(request.changed),
                request.by,
                int(request.replayed),
            ),
        )

    def ledger(self) -> tuple[Request, ...]:
        """Every request, in the order it was decided."""
        return tuple(map(rows.request, self._db.rows("SELECT * FROM ledger ORDER BY seq")))

    def admit(self, name: str, role: Role, text: str | None = None) -> str:
        """Give a person or program a bearer token for the control plane; returns its text."""
        text = text or f"lab-{role.value}-{secrets.token_urlsafe(24)}"
        values = (token_hash(text), name, role.value)
        self._db.write("INSERT OR REPLACE INTO principals VALUES (?, ?, ?)", values)
        return text

    def principal(self, text: str) -> tuple[str, Role] | None:
        """Whose bearer token this is, and what it may do."""
        row = self._db.row("SELECT * FROM principals WHERE hash = ?", (token_hash(text),))
        return (row["name"], Role(row["role"])) if row else None

    # what lies ahead, and what was

    def schedule(self, after_s: float, change: str, target: str) -> None:
        """Apply `change` (a name in _CHANGES) that much later, restart or not."""
        due = self.now() + after_s
        self._db.write("INSERT INTO pending (due, change, object) VALUES (?, ?, ?)", (due, change, target))

    def perform(self, change: str, target: str) -> bool:
        """One change by its name."""
        return _CHANGES[change](self, target)

    def version(self) -> int:
        """Grows with every change of registry, tokens or policy."""
        self._settle()
        row = self._db.row("SELECT n FROM version")
        return int(row["n"]) if row else 0

    def snapshot(self) -> Snapshot:
        """A copy to answer from later: caches, lagging replicas, stale reads."""
        with self._db.transaction():
            found = self._db.rows("SELECT * FROM tokens ORDER BY seq")
            hashed = tuple((row["hash"], rows.token(row)) for row in found)
            return Snapshot(self.servers(), hashed, self.policy(), self.version())

    def _settle(self) -> None:
        """Apply what was scheduled and is due. Lazy: nothing runs when nobody looks."""
        due = self._db.rows("SELECT * FROM pending WHERE due <= ? ORDER BY due, seq", (self.now(),))
        if not due:
            return
        with self._db.transaction():
            for row in due:
                # the row goes first: performing a change settles again
                if self._db.write("DELETE FROM pending WHERE seq = ?", (row["seq"],)):
                    self.perform(row["change"], row["object"])

    def _changed(self, sql: str, values: tuple[str, ...]) -> bool:
        with self._db.transaction():
            touched = self._db.write(sql, values)
            if touched:
                self._bump()
            return bool(touched)

    def _bump(self) -> None:
        self._db.write("UPDATE version SET n = n + 1")

    def _stamp(self) -> str:
        return stamp(self._clock.now())


def token_hash(text: str) -> str:
    """How the plane knows a token without keeping it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_CHANGES: dict[str, Callable[[Plane, str], bool]] = {
    "disable": lambda plane, server: plane.set_state(server, "disabled"),
    "enable": lambda plane, server: plane.set_state(server, "enabled"),
    "disable_tool": lambda plane, tool: plane.set_tool(*named_tool(tool), is_on=False),
    "enable_tool": lambda plane, tool: plane.set_tool(*named_tool(tool), is_on=True),
    "revoke": lambda plane, audience: bool(plane.revoke(audience)),
    "revoke_principal": lambda plane, principal: bool(plane.revoke_principal(principal)),
    "force": lambda plane, _: plane.force(),
    "lift": lambda plane, _: plane.lift(),
}


def tool_named(server: str, tool: str) -> str:
    """A tool as the object of a change."""
    return f"{server}\n{tool}"


def named_tool(target: str) -> tuple[str, str]:
    """Server and tool; another object of a change is no tool of any server."""
    server, _, tool = target.partition("\n")
    return server, tool
