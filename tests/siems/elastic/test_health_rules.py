"""Rules about the log itself: what no rule could read whole is told of, and so is a log that stopped."""

from typing import Any

import pytest

from mcpsoar.siems.asked import Options
from tests.languages.esql import Field, Index, run
from tests.siems.elastic import built
from tests.siems.elastic.test_tuning import named
from tests.targets.es import ground

MINUTE, NOW = 60_000, 1_790_000_000_000
TENANT = "organization.id"
LICENSED = built.options(tenant=TENANT, tier="platinum")


def told(title: str, documents: list[dict[str, Any]], options: Options = built.SHIPPED) -> Any:
    fields = {**ground.mapping(ground.columns()), TENANT: Field("keyword")}
    index = Index(fields, [{"_id": str(number), **one} for number, one in enumerate(documents)])
    return run(named(built.items(options), title)["query"], {ground.STREAM: index}, now_ms=NOW)


def test_each_event_that_was_rejected_or_cut_is_told_of() -> None:
    found = told(
        "MCP audit event that no rule could read whole",
        [
            {"event.kind": "event"},
            {"event.kind": "pipeline_error"},
            {"event.kind": "event", "mcp.truncated": ["server_name"]},
            {},
        ],
    )
    assert sorted(row["_id"] for row in found) == ["1", "2"]


@pytest.mark.parametrize(("minutes", "rows"), [((), 0), ((14,), 0), ((16,), 1), ((900, 3), 0), ((1441,), 0)])
def test_a_log_that_stopped_within_a_day_is_told_of(minutes: tuple[int, ...], rows: int) -> None:
    documents = [{"event.ingested": NOW - one * MINUTE} for one in minutes]
    assert len(told("MCP audit events stopped", documents)) == rows


def test_a_tenant_whose_log_stopped_is_told_of_alone() -> None:
    documents = [{"event.ingested": NOW - one * MINUTE, TENANT: name} for name, one in (("a", 20), ("b", 1))]
    found = told("MCP audit events stopped", documents, LICENSED)
    assert [(row[TENANT], row["state"]) for row in found] == [("a", "stopped")]
    rule = named(built.items(LICENSED), "MCP audit events stopped")
    assert rule["alert_suppression"]["group_by"] == [TENANT, "state"]
    assert not rule["enabled"]
