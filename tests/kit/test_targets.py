"""What a step acts on: names that a suspect may have chosen are taken apart as a person meant them."""

import pytest

from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Step, Undo
from mcpsoar.kit import targets


def step(name: str) -> Step:
    return Step("off", "off", "registry.disable_tool", "registry", name, Undo.EXACT, ())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("tool:read@github", ("read", "github")),
        ("tool:a@jira@github", ("a@jira", "github")),
        ("tool:@a@github", ("@a", "github")),
    ],
)
def test_the_server_of_a_tool_begins_after_the_last_at_sign(name: str, found: tuple[str, str]) -> None:
    assert targets.tool(step(name)) == found
    assert targets.server(name) == found[1]


@pytest.mark.parametrize("name", ["tool:read", "tool:read@", "tool:@github", "tool:", "github"])
def test_half_a_name_is_no_tool(name: str) -> None:
    assert not targets.fits("registry.disable_tool", name)
    with pytest.raises(Usage, match="acts on tool:TOOL@SERVER"):
        targets.tool(step(name))


def test_only_a_tool_with_both_ids_is_known_by_them() -> None:
    ids = {targets.TOOL_ID: "t1", targets.ENTRY_ID: "g1"}
    assert targets.noted(step("tool:read@github"), ids).server == "tool:t1@g1"
    assert targets.noted(step("tool:read@github"), {targets.TOOL_ID: "t1"}) == step("tool:read@github")
    assert targets.noted(step("github"), ids) == step("github")
