"""Rows of the control plane's file as records."""

import json
import sqlite3
from collections.abc import Iterable

from mcpsoar.lab.records import ApprovalMode, Entry, Request, Token, TokenKind


def entry(row: sqlite3.Row, off: Iterable[tuple[str, str]]) -> Entry:
    """`off` are all tools that are switched off, with their servers."""
    return Entry(
        server=row["server"],
        state=row["state"],
        environment=row["environment"],
        fingerprint=row["fingerprint"],
        status=row["status"],
        audience=row["audience"],
        approval_mode=ApprovalMode(row["approval_mode"]),
        tools=tuple(json.loads(row["tools"])),
        pin=row["pin"],
        tools_off=tuple(tool for server, tool in off if server == row["server"]),
    )


def token(row: sqlite3.Row) -> Token:
    return Token(
        id=row["id"],
        kind=TokenKind(row["kind"]),
        audience=_texts(row["audience"]),
        expires_at=row["expires_at"],
        active=bool(row["active"]),
        scopes=_texts(row["scopes"]),
        client_id=row["client_id"],
        actor=row["actor"],
        actor_type=row["actor_type"],
        tags=_texts(row["tags"]),
        issuer=row["issuer"],
    )


def request(row: sqlite3.Row) -> Request:
    return Request(
        row["method"],
        row["path"],
        row["key"],
        row["status"],
        row["at"],
        bool(row["changed"]),
        row["by"],
        bool(row["replayed"]),
    )


def _texts(value: str) -> tuple[str, ...]:
    items: Iterable[str] = json.loads(value)
    return tuple(items)
