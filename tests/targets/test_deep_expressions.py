"""An expression that is nested deeper than Python reads is the fault of the rule, and told with its line."""

from typing import Any

import pytest

from mcpsoar.core.errors import BadContent
from mcpsoar.kit import find
from tests.targets.evaluator import COLUMNS, rule


def nested(depth: int) -> dict[str, Any]:
    expression = "(?:" * depth + "a" + ")" * depth
    return {"selection": {"server_name": "x", "tool_name|re": expression}, "condition": "selection"}


@pytest.mark.parametrize("target", find.names("mcpsoar.targets"))
def test_an_expression_nested_too_deep_is_a_complaint_with_its_line(target: str) -> None:
    made = rule(nested(1200))
    with pytest.raises(BadContent, match=r"tool_name\|re: .* nested too deep") as complaint:
        find.load("mcpsoar.targets", target).make(COLUMNS, None).convert(made)
    assert complaint.value.where
    line = int(complaint.value.where.rpartition(":")[2])
    assert "tool_name|re" in made.text.splitlines()[line - 1]


def test_an_expression_of_almost_that_depth_is_converted_or_a_complaint() -> None:
    """It is read more than once, and not always from the same depth of the stack."""
    converted, refused = 100, 1200
    while refused - converted > 1:
        depth = (converted + refused) // 2
        converted, refused = (depth, refused) if is_converted(depth) else (converted, depth)
    assert not any(is_converted(depth) for depth in range(refused, refused + 10))


def is_converted(depth: int) -> bool:
    try:
        return bool(find.load("mcpsoar.targets", "sql").make(COLUMNS, None).convert(rule(nested(depth))))
    except BadContent:
        return False
