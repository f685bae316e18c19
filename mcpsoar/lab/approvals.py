"""Approvals of single calls and announced deploy windows, kept beside the plane's own tables."""

import hashlib
import secrets
from dataclasses import dataclass

from mcpsoar.core.digest import Facts, canonical
from mcpsoar.lab.plane import Plane

TTL_S = 900.0
MAX_RETRIES = 1  # policy v1, require-approval-for-write: the call and one retry


@dataclass(frozen=True, slots=True)
class Approval:
    id: str
    approver: str


@dataclass(frozen=True, slots=True)
class Window:
    """An announced change of one server that is open now."""

    ticket: str


class Approvals:
    """An approval is bound to server, tool, actor and the exact arguments, and wears out."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    def grant(self, server: str, tool: str, arguments: Facts, actor: str, *, by: str) -> str:
        """The id that the call must carry."""
        approval = f"apr-{secrets.token_hex(8)}"
        values = (approval, server, tool, actor, args_hash(arguments), by, self._plane.now() + TTL_S)
        self._plane.database.write("INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?, ?, 0)", values)
        return approval

    def find(self, approval: str, server: str, tool: str, actor: str, hashed: str) -> Approval | None:
        """The approval, when it is for this very call, in time and not used up."""
        row = self._plane.database.row(
            "SELECT * FROM approvals WHERE id = ? AND server = ? AND tool = ? AND actor = ? AND args_hash = ?"
            " AND expires_at > ? AND uses <= ?",
            (approval, server, tool, actor, hashed, self._plane.now(), MAX_RETRIES),
        )
        # nobody approves for themselves
        return Approval(row["id"], row["approver"]) if row and row["approver"] != actor else None

    def find_unbound(self, approval: str) -> Approval | None:
        """The approval, when it is in time and not used up, whatever it was given for and to whom.

        What a gateway does that asks only whether there is one.
        """
        row = self._plane.database.row(
            "SELECT * FROM approvals WHERE id = ? AND expires_at > ? AND uses <= ?",
            (approval, self._plane.now(), MAX_RETRIES),
        )
        return Approval(row["id"], row["approver"]) if row else None

    def spend(self, approval: Approval) -> bool:
        """Use it once; False when another call was faster."""
        sql = "UPDATE approvals SET uses = uses + 1 WHERE id = ? AND uses <= ?"
        return bool(self._plane.database.write(sql, (approval.id, MAX_RETRIES)))


class Windows:
    """Deploy windows: while one is open, a server's manifest may differ from its pin."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    def announce(self, server: str, ticket: str, seconds: float) -> None:
        now = self._plane.now()
        sql = "INSERT INTO windows (server, start, until, kind, ticket) VALUES (?, ?, ?, 'deploy', ?)"
        self._plane.database.write(sql, (server, now, now + seconds, ticket))

    def open(self, server: str) -> Window | None:
        """The window that this moment falls into."""
        now = self._plane.now()
        row = self._plane.database.row(
            "SELECT ticket FROM windows WHERE server = ? AND start <= ? AND until > ?"
            " ORDER BY seq DESC LIMIT 1",
            (server, now, now),
        )
        return Window(row["ticket"]) if row else None


def args_hash(arguments: Facts) -> str:
    """SHA-256 of the canonical arguments: 64 hex digits."""
    return hashlib.sha256(canonical(arguments)).hexdigest()
