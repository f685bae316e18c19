"""A PostgreSQL that is missing is seen: a skip with its reason, or a failure where one is required."""

import pytest

from tests.targets import engines


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
