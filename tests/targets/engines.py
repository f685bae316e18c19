"""Rows asked on each engine that is at hand: DuckDB, SQLite, and a PostgreSQL of their own for the tests."""

import json
import os
import pwd
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from mcpsoar.targets.bridge import dialect, user_functions

Row = Mapping[str, Any]
_LIST = {"duckdb": "VARCHAR[]", "sqlite": "TEXT", "postgres": "TEXT[]"}


def asked(
    engine: str, database: Any, tree: exp.Expression, rows: Sequence[Row], *, lists: bool = False
) -> list[bool]:
    """The predicate's value for every row of a table of text, or of lists of text; NULL fails the test."""
    names = sorted({name for row in rows for name in row}) or ["nothing"]
    kind = _LIST[engine] if lists else "TEXT"
    columns = ", ".join(f"{exp.column(name, quoted=True).sql(engine)} {kind}" for name in names)
    mark = f"%s::{kind}" if engine == "postgres" else "?"
    marks = ", ".join([mark.partition("::")[0], *[mark] * len(names)])
    cursor = database.cursor()
    cursor.execute("DROP TABLE IF EXISTS events")
    cursor.execute(f"CREATE TEMP TABLE events (place INTEGER, {columns})")
    for place, row in enumerate(rows):
        values = [row.get(name) for name in names]
        if lists and engine == "sqlite":
            values = [None if one is None else json.dumps(one) for one in values]
        cursor.execute(f"INSERT INTO events VALUES ({marks})", [place, *values])
    statement = exp.select(tree.as_("hit")).from_("events").order_by("place")
    cursor.execute(dialect.text(statement, engine))
    answers = [value for (value,) in cursor.fetchall()]
    assert None not in answers, "a predicate gave NULL"
    return [bool(value) for value in answers]


def connected(engine: str) -> Any:
    """A new database of an engine that needs no server."""
    if engine == "duckdb":
        return duckdb.connect()
    database = sqlite3.connect(":memory:")
    user_functions.register(database)
    return database


def why_no_postgres() -> str | None:
    """What is missing for a PostgreSQL here; None where nothing is."""
    try:
        import psycopg  # noqa: F401  # asked for, not used
    except ImportError:
        return "psycopg is not installed"
    if os.environ.get("MCPSOAR_POSTGRES") or _programs():
        return None
    return "no PostgreSQL: neither $MCPSOAR_POSTGRES nor initdb is here"


@contextmanager
def postgres() -> Iterator[Any]:
    """A connection to `$MCPSOAR_POSTGRES`, else to a server of its own in a new folder, gone afterwards."""
    import psycopg

    url = os.environ.get("MCPSOAR_POSTGRES")
    if url:
        with psycopg.connect(url, autocommit=True) as database:
            yield database
        return
    programs = _programs()
    assert programs is not None
    with tempfile.TemporaryDirectory(prefix="mcpsoar-pg-") as folder:
        user = _user()
        if user is not None:
            shutil.chown(folder, user)
        data, options = f"{folder}/data", f"-k {folder} -c listen_addresses= -c fsync=off"
        encoding = ["-E", "UTF8", "--locale=C.UTF-8"]
        init = [f"{programs}/initdb", "-D", data, "-A", "trust", "-U", "tests", *encoding]
        start = [f"{programs}/pg_ctl", "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "start"]
        for command in (init, start):
            subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            with psycopg.connect(host=folder, user="tests", dbname="postgres", autocommit=True) as database:
                yield database
        finally:
            stop = [f"{programs}/pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"]
            subprocess.run(stop, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return next((path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    return "postgres" if any(one.pw_name == "postgres" for one in pwd.getpwall()) else "nobody"
