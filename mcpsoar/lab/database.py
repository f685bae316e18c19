"""The lab's one SQLite file: what is committed here survives kill -9 and a power cut."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS registry (
  server TEXT PRIMARY KEY, state TEXT NOT NULL, environment TEXT NOT NULL, fingerprint TEXT NOT NULL,
  status TEXT NOT NULL, audience TEXT NOT NULL, approval_mode TEXT NOT NULL, tools TEXT NOT NULL,
  pin TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tools_off (
  server TEXT NOT NULL, tool TEXT NOT NULL, PRIMARY KEY (server, tool));
CREATE TABLE IF NOT EXISTS tokens (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
  audience TEXT NOT NULL, expires_at REAL NOT NULL, active INTEGER NOT NULL, scopes TEXT NOT NULL,
  client_id TEXT NOT NULL, actor TEXT NOT NULL, actor_type TEXT NOT NULL, tags TEXT NOT NULL,
  issuer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS policy (
  one INTEGER PRIMARY KEY CHECK (one = 1), write_approval TEXT NOT NULL, since TEXT NOT NULL,
  version INTEGER NOT NULL, was TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS idempotency (
  key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ledger (
  seq INTEGER PRIMARY KEY, method TEXT NOT NULL, path TEXT NOT NULL, key TEXT, status INTEGER NOT NULL,
  at TEXT NOT NULL, changed INTEGER NOT NULL, by TEXT, replayed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS principals (
  hash TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pending (
  seq INTEGER PRIMARY KEY, due REAL NOT NULL, change TEXT NOT NULL, object TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS approvals (
  id TEXT PRIMARY KEY, server TEXT NOT NULL, tool TEXT NOT NULL, actor TEXT NOT NULL,
  args_hash TEXT NOT NULL, approver TEXT NOT NULL, expires_at REAL NOT NULL,
  uses INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS windows (
  seq INTEGER PRIMARY KEY, server TEXT NOT NULL, start REAL NOT NULL, until REAL NOT NULL,
  kind TEXT NOT NULL, ticket TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS version (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL);
INSERT OR IGNORE INTO version VALUES (1, 0);
"""


class Database:
    """One connection behind one lock; transactions nest, and the outermost commits."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._depth = 0
        self._sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._sql.row_factory = sqlite3.Row
        self._sql.execute("PRAGMA journal_mode=WAL")
        self._sql.execute("PRAGMA synchronous=FULL")
        self._sql.executescript(_SCHEMA)
        path.chmod(0o600)

    def close(self) -> None:
        with self._lock:
            self._sql.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk (fsync) when the outermost block is left."""
        with self._lock:
            if self._depth == 0:
                self._sql.execute("BEGIN IMMEDIATE")
            self._depth += 1
            is_whole = False
            try:
                yield
                is_whole = True
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._sql.execute("COMMIT" if is_whole else "ROLLBACK")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._sql.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        found = self.rows(sql, values)
        return found[0] if found else None

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement and say how many rows it touched."""
        with self.transaction():
            return self._sql.execute(sql, values).rowcount
