"""DuckDB, shut off: no extensions, no network, no file but the ones that were named, settings locked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from glob import escape
from typing import Any, TypeAlias

import duckdb

Connection: TypeAlias = duckdb.DuckDBPyConnection
Failure = duckdb.Error
Refusal = (
    duckdb.ProgrammingError,
    duckdb.DataError,
    duckdb.NotSupportedError,
)  # of a statement, not for lack of room
MEMORY = "1GB"


@contextmanager
def connect(*, files: Sequence[str] = (), folder: str | None = None) -> Iterator[Connection]:
    """A connection in memory that can read `files` and anything under `folder`, and cannot be told otherwise.

    What the settings do not stop is writing to those same files, so no text of a pack ever reaches it but as
    expressions that passed the allow-list.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
    }
    connection = duckdb.connect(":memory:", config=config)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute(f"SET temp_directory = {literal(folder or '')}")
        connection.execute(f"SET allowed_paths = {literals([*files, *map(escape, files)])}")
        connection.execute(f"SET allowed_directories = {literals([folder] if folder else [])}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def rows(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    """All rows at once: an open result would block the next statement."""
    return connection.execute(sql).fetchall()


def paths(files: Sequence[str]) -> str:
    """A list of paths, none of which is a pattern."""
    return literals([escape(file) for file in files])


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literals(texts: Sequence[str]) -> str:
    """A list of texts."""
    return "[" + ", ".join(literal(text) for text in texts) + "]"
