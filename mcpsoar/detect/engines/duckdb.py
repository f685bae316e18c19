"""DuckDB, shut off: no extensions, no network, no file but the ones that were named, settings locked."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from glob import escape
from math import inf
from threading import current_thread, main_thread
from time import monotonic
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
_ROOM_BYTES = 16 << 30  # on disk, for what memory cannot hold: the engine would take nine tenths of it
_POLL_S = 0.05
_HEED_S = 0.5  # a signal that comes just before a wait does not end it


class Late(Exception):
    """The time that was given is over."""


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
        if folder:
            room = min(_ROOM_BYTES, shutil.disk_usage(folder).free // 2)
            connection.execute(f"SET max_temp_directory_size = '{room // 1024}KiB'")
        connection.execute(f"SET allowed_paths = {literals([*files, *map(escape, files)])}")
        connection.execute(f"SET allowed_directories = {literals([folder] if folder else [])}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    except RuntimeError as error:  # what the engine makes of Ctrl-C on the thread that hears it
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from None
    finally:
        connection.close()


def within(connection: Connection, seconds: float | None, work: Callable[[], object]) -> None:
    """Do `work` on the connection, and stop it after `seconds` (None: never). Raises Late, and its errors.

    It runs on a thread of its own: a statement holds its thread until it ends, and Ctrl-C would wait for it.
    """
    if seconds is None and current_thread() is not main_thread():  # signals are the main thread's
        work()
        return
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        until = monotonic() + (inf if seconds is None else seconds)
        try:
            while not future.done() and (left := until - monotonic()) > 0:
                wait([future], timeout=min(_HEED_S, left))
            is_late = not future.done()
        finally:  # a signal is as good a reason
            while not future.done():
                connection.interrupt()  # between two statements it is not heard
                wait([future], timeout=_POLL_S)
        if is_late:
            raise Late
        future.result()


def run(connection: Connection, sql: str) -> None:
    """One statement that may take long."""
    within(connection, None, lambda: connection.execute(sql))


def rows(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    """All rows at once: an open result would block the next statement."""
    found: list[tuple[Any, ...]] = []
    within(connection, None, lambda: found.extend(connection.execute(sql).fetchall()))
    return found


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
