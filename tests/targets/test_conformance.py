"""Each modifier of Sigma on rows made by hand: Python, DuckDB, SQLite and PostgreSQL give the same rows."""

import json
from pathlib import Path
from typing import Any

import pytest
from sigma.rule import SigmaRule

from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.bridge import tree
from mcpsoar.targets.bridge.table import Table, texts
from tests.targets.engines import asked
from tests.targets.evaluator import rule
from tests.targets.interpreter import holds

TABLES = json.loads((Path(__file__).parent / "conformance.json").read_text(encoding="utf-8"))
CASES = [
    pytest.param(table, item, hits, id=json.dumps(item)) for table in TABLES for item, hits in table["cases"]
]


def table_of(rows: list[dict[str, Any]], *, lists: bool) -> Table:
    names = {name for row in rows for name in row}
    if not lists:
        return texts("events", names, raw="raw")
    return Table("events", {name: Column(name, Kind.TEXTS, "") for name in names}, keeps_blanks=True)


@pytest.mark.parametrize(("table", "item", "hits"), CASES)
def test_an_item_matches_the_rows_that_sigma_says(
    table: dict[str, Any], item: Any, hits: list[int], engine: tuple[str, Any]
) -> None:
    rows, lists = table["rows"], table.get("lists", False)
    for condition, negated in (("a", False), ("not a", True)):
        made = rule({"a": item, "condition": condition})
        node = SigmaRule.from_yaml(made.text).detection.parsed_condition[0].parsed
        wanted = [(place in hits) is not negated for place in range(len(rows))]
        assert [holds(node, row, "raw") for row in rows] == wanted
        predicate = tree.condition(node, table_of(rows, lists=lists))
        assert asked(*engine, predicate, rows, lists=lists) == wanted
