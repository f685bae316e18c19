"""The lab's control plane, by its own connector, and by the one that a profile describes."""

import re
from dataclasses import replace
from pathlib import Path

from mcpsoar.app.settings import Asked, load
from mcpsoar.core.profile import ROLES, Binding
from mcpsoar.core.secret import Secret
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.records import TokenKind
from mcpsoar.lab.seed import issue_unused
from mcpsoar.lab.serving import Handle
from tests.faults.place import CONTROL, SERVER, Place, Urls
from tests.flow.ground import ROOT


class OnLab(Place):
    """The lab's control plane, by the connector made for it."""

    name = "reference"

    def __init__(self, plane: Handle) -> None:
        self.plane = plane
        self.url = plane.url
        self.secrets = (plane.token, plane.operator_token)
        self.spares = (Secret(plane.operator_token),)

    def restore(self) -> None:
        self.plane.faults.clear()
        self.plane.plane.lift()
        for server in (SERVER, CONTROL):
            self.plane.plane.set_state(server, "enabled")
        self.plane.plane.revoke(SERVER)
        for kind in (TokenKind.OPAQUE, TokenKind.OPAQUE, TokenKind.REFRESH):
            issue_unused(self.plane.plane, SERVER, kind)
        self._tokens = {token.id for token in self.plane.plane.tokens() if token.active}

    def bindings(self, urls: Urls, timeout_s: float, settle_s: float) -> dict[str, Binding]:
        options = {"timeout_s": timeout_s, "settle_s": settle_s}
        return {
            role: Binding("reference", urls[role], Secret(self.plane.token), dict(options)) for role in ROLES
        }

    def done(self, role: str) -> tuple[int, int]:
        match role:
            case "registry":
                return int(self.is_disabled(SERVER)), 1
            case "policy":
                return int(self.plane.plane.policy().is_forced), 1
            case _:
                own = [one for one in self.plane.plane.tokens() if one.id in self._tokens]
                own = [one for one in own if one.is_for(SERVER)]
                return sum(not one.active for one in own), len(own)

    def is_disabled(self, server: str) -> bool:
        entry = self.plane.plane.server(server)
        return entry is not None and not entry.is_enabled

    def bring_about(self, role: str) -> None:
        match role:
            case "registry":
                self.plane.plane.set_state(SERVER, "disabled")
            case "policy":
                self.plane.plane.force()
            case _:
                self.plane.plane.revoke(SERVER)

    def lie(self, role: str) -> None:
        self.plane.faults.set(Fault.NO_EFFECT, _ROUTES[role])

    def stray(self, role: str) -> bool:
        if role == "policy":
            return False
        self.plane.faults.set(Fault.WRONG_OBJECT, _ROUTES[role], other=CONTROL)
        return True


_ROUTES = {"registry": "registry.disable", "tokens": "tokens.revoke", "policy": "policy.force"}


class InToml(OnLab):
    """The same plane, by the profile that the docs show."""

    name = "http"

    def __init__(self, plane: Handle, folder: Path) -> None:
        super().__init__(plane)
        self._path = folder / "mcpsoar.toml"
        shown = re.search(r"^```toml\n(.*?)^```", (ROOT / "docs" / "http.md").read_text(), re.M | re.S)
        assert shown is not None
        self._toml = shown.group(1)

    def bindings(self, urls: Urls, timeout_s: float, settle_s: float) -> dict[str, Binding]:
        times = f"\ntimeout_s = {timeout_s}\nsettle_s = {settle_s}"
        toml = re.sub('^url = ".*"$', lambda _: f'url = "{self.url}"{times}', self._toml, flags=re.M)
        self._path.write_text(toml)
        found = load(Asked(config=str(self._path)), {"PLANE_TOKEN": self.plane.token}).profile.roles
        return {role: replace(found[role], base_url=urls[role]) for role in ROLES}
