"""The engines at hand, each open once for all of these tests."""

from collections.abc import Iterator

import pytest

from tests.targets import engines
from tests.targets.correlation.asking import Engine


@pytest.fixture(scope="package", params=["duckdb", "sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Every engine in its turn; PostgreSQL where one is here."""
    if request.param == "postgres":
        why = engines.why_no_postgres()
        if why is not None:
            pytest.skip(why)
        with engines.postgres() as database:
            yield Engine("postgres", database)
        return
    database = engines.connected(request.param)
    yield Engine(request.param, database)
    database.close()
