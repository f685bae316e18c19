"""The engines at hand, by name, each open for one module of tests; PostgreSQL where one is here."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.targets.engines import connected, postgres, why_no_postgres


@pytest.fixture(scope="module")
def databases() -> Iterator[dict[str, Any]]:
    opened = {name: connected(name) for name in ("duckdb", "sqlite")}
    if why_no_postgres() is None:
        with postgres() as server:
            yield {**opened, "postgres": server}
    else:
        yield opened
    for database in opened.values():
        database.close()
