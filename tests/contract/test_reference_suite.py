"""The reference connector passes the connectors' suite, in each of its actions."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mcpsoar.connectors.reference import connect
from mcpsoar.core.plan import Step, Undo
from mcpsoar.core.ports import Connector
from mcpsoar.core.profile import Binding
from mcpsoar.core.secret import Secret
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.records import TokenKind
from mcpsoar.lab.seed import issue_unused
from mcpsoar.lab.serving import Handle, control_plane
from tests.contract.connector_suite import ConnectorSuite, Subject

if TYPE_CHECKING:
    from pathlib import Path

STEPS = {
    "registry.disable": Step("disable", "disable", "registry.disable", "registry", "github", Undo.EXACT, ()),
    "registry.disable_tool": Step(
        "off", "off", "registry.disable_tool", "registry", "tool:delete@github", Undo.EXACT, ()
    ),
    "tokens.revoke_principal": Step(
        "who", "who", "tokens.revoke_principal", "tokens", "principal:seed", Undo.NONE, ()
    ),
    "tokens.revoke": Step("revoke", "revoke", "tokens.revoke", "tokens", "github", Undo.NONE, ()),
    "policy.force_write_approval": Step(
        "force", "force", "policy.force_write_approval", "policy", None, Undo.EXACT, ()
    ),
}


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handle]:
    home: Path = tmp_path_factory.mktemp("plane")
    with control_plane(home, servers=("github", "jira"), page_size=2) as handle:
        entry = handle.plane.server("github")
        assert entry is not None
        handle.plane.register(replace(entry, tools=({"name": "delete"}, {"name": "list"})))
        yield handle


class TestReference(ConnectorSuite):
    @pytest.fixture(params=sorted(STEPS))
    def subject(self, plane: Handle, request: pytest.FixtureRequest) -> Subject:
        step = STEPS[request.param]

        def connect_at(url: str, timeout_s: float, settle_s: float) -> Connector:
            options: dict[str, Any] = {"timeout_s": timeout_s, "settle_s": settle_s}
            return connect(Binding("reference", url, Secret(plane.token), options), clock=SystemClock())

        return Subject(
            base_url=plane.url,
            connect=connect_at,
            step=step,
            is_in_force=lambda: in_force(plane, step.action),
            restore=lambda: restore(plane, step.action),
            secret=plane.token,
        )


def in_force(plane: Handle, action: str) -> bool:
    match action:
        case "registry.disable":
            entry = plane.plane.server("github")
            return entry is not None and not entry.is_enabled
        case "tokens.revoke":
            return not any(
                token.active and token.is_for("github") and token.kind is not TokenKind.JWT
                for token in plane.plane.tokens()
            )
        case "registry.disable_tool":
            entry = plane.plane.server("github")
            return entry is not None and entry.tools_off == ("delete",)
        case "tokens.revoke_principal":
            return not any(
                token.active and token.client_id == "seed" and token.kind is not TokenKind.JWT
                for token in plane.plane.tokens()
            )
        case _:
            return plane.plane.policy().is_forced


def restore(plane: Handle, action: str) -> None:
    match action:
        case "registry.disable":
            plane.plane.set_state("github", "enabled")
        case "registry.disable_tool":
            plane.plane.set_tool("github", "delete", is_on=True)
        case "tokens.revoke" | "tokens.revoke_principal":
            if in_force(plane, action):
                for kind in (TokenKind.OPAQUE, TokenKind.OPAQUE, TokenKind.REFRESH):
                    issue_unused(plane.plane, "github", kind)
        case _:
            plane.plane.lift()
