"""A PostgreSQL that is missing is seen, as a skip or a failure, and one that was named is left as it was."""

import pytest

from tests.targets import engines, user_tables


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine without PostgreSQL."""
    monkeypatch.delenv("MCPSOAR_POSTGRES", raising=False)
    monkeypatch.delenv("MCPSOAR_REQUIRE_POSTGRES", raising=False)
    monkeypatch.setattr(engines, "_programs", lambda: None)
    return monkeypatch


def test_a_missing_postgres_is_a_reason_to_skip(nowhere: pytest.MonkeyPatch) -> None:
    assert "initdb" in (engines.why_no_postgres() or "")
    nowhere.setenv("MCPSOAR_POSTGRES", "postgresql://localhost/tests")
    assert engines.why_no_postgres() is None


def test_a_missing_postgres_fails_where_one_is_required(nowhere: pytest.MonkeyPatch) -> None:
    nowhere.setenv("MCPSOAR_REQUIRE_POSTGRES", "1")
    with pytest.raises(RuntimeError, match=r"MCPSOAR_REQUIRE_POSTGRES is 1, and there is no PostgreSQL"):
        engines.why_no_postgres()


def test_tables_of_a_server_that_was_named_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be in use, and by the next worker of this very run."""
    monkeypatch.delenv("MCPSOAR_POSTGRES", raising=False)
    monkeypatch.delenv("MCPSOAR_REQUIRE_POSTGRES", raising=False)
    if why := engines.why_no_postgres():
        pytest.skip(why)
    with engines.postgres() as database:
        database.execute("CREATE TABLE mcp_audit AS SELECT 'theirs' AS whose")
        url = f"host={database.info.host} port={database.info.port} user={database.info.user} dbname=postgres"
        monkeypatch.setenv("MCPSOAR_POSTGRES", url)
        with engines.postgres() as ours, engines.postgres() as another:
            user_tables.fill("postgres", ours, [])
            user_tables.fill("postgres", another, [{"event_time": 1_772_366_400_000}])
            for one, count in ((ours, 0), (another, 1)):
                assert one.execute("SELECT count(*) FROM mcp_audit").fetchone() == (count,)
        assert database.execute("SELECT whose FROM mcp_audit").fetchall() == [("theirs",)]
