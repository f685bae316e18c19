"""The engines at hand, by name, each open once for all of these tests; PostgreSQL where one is here."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.targets.engines import NAMES, connected, postgres, why_no_postgres


@pytest.fixture(scope="package")
def databases() -> Iterator[dict[str, Any]]:
    opened = {name: connected(name) for name in NAMES if name != "postgres"}
    if why_no_postgres() is None:
        with postgres() as server:
            yield {**opened, "postgres": server}
    else:
        yield opened
    for database in opened.values():
        database.close()


@pytest.fixture(scope="package", params=NAMES)
def engine(request: pytest.FixtureRequest, databases: dict[str, Any]) -> tuple[str, Any]:
    """Every engine in its turn, with its database; skipped, with the reason, where it is not here."""
    if request.param not in databases:
        pytest.skip(why_no_postgres() or "")
    return request.param, databases[request.param]
