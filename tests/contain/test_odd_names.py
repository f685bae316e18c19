"""A name that is refused says of what it is one, and how a tool with such a name can be contained."""

import pytest

from mcpsoar.contain import plan
from mcpsoar.core.errors import Usage


@pytest.mark.parametrize("name", ["tool:files/read@crm", "tool:a b@crm", "tool:è@crm"])
def test_a_tool_with_an_odd_name_goes_by_its_id(name: str) -> None:
    with pytest.raises(Usage) as caught:
        plan.servers([name])
    said = caught.value.message
    assert said.startswith(f"{name!a} is no tool name: up to 128 letters, digits and . _ ~ : @ + -, ")
    assert said.endswith("; where the control plane gives tools an id, that works: tool:ID@SERVER")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("principal:a b", "principal name"), ("a/b", "server name")],
)
def test_what_is_no_tool_is_not_called_one(name: str, kind: str) -> None:
    with pytest.raises(Usage) as caught:
        plan.servers([name])
    assert f"is no {kind}: " in caught.value.message
    assert caught.value.message.endswith("beginning with a letter or digit")
