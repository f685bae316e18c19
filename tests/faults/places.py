"""The control planes that the table is about: each told how to start anew, to lie, and what is true of it."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mcpsoar.app.settings import Asked, load
from mcpsoar.core.profile import ROLES, Binding
from mcpsoar.core.secret import Secret
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.records import TokenKind
from mcpsoar.lab.seed import issue_unused
from mcpsoar.lab.serving import Handle, control_plane
from mcpsoar.lab.wire import Call
from tests.contract.forge import EMAIL, PASSWORD, Forge, forge
from tests.contract.token_service import AUDIENCE, SECRETS, Token, TokenService, token_service
from tests.flow.ground import ROOT

SERVER, CONTROL = "github", "jira"
Urls = Mapping[str, str]  # by role


class Place(ABC):
    """One control plane through one connector. `spares` are good once the first credential is refused."""

    name: str
    url: str
    secrets: tuple[str, ...]
    spares: tuple[Secret, ...] = ()

    @abstractmethod
    def restore(self) -> None:
        """Nothing is in force, and nothing is wrong."""

    @abstractmethod
    def bindings(self, urls: Urls, timeout_s: float, settle_s: float) -> dict[str, Binding]: ...

    def address(self, role: str) -> str:  # noqa: ARG002
        """Where this role's calls go."""
        return self.url

    @abstractmethod
    def done(self, role: str) -> tuple[int, int]:
        """The plane's own truth: how many of the step's items are in force, and how many there are."""

    def begun(self, role: str) -> bool:
        """Whether the step itself has changed anything."""
        return self.done(role)[0] > 0

    @abstractmethod
    def is_disabled(self, server: str) -> bool: ...

    @abstractmethod
    def bring_about(self, role: str) -> None:
        """As somebody else would have, before the run."""

    @abstractmethod
    def lie(self, role: str) -> None:
        """From now on a change of this role is answered as ever and not made."""

    @abstractmethod
    def stray(self, role: str) -> bool:
        """From now on a change of this role hits another object; False where that has no meaning."""

    def half(self, role: str, *, first: bool = False) -> str | None:  # noqa: ARG002
        """Part of the target of the last (or first) change, where this role needs several; else None."""
        return None

    def is_change(self, call: Call) -> bool:
        return call.method not in ("GET", "HEAD")

    def is_read(self, call: Call) -> bool:
        return call.method == "GET"


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


class OnForge(Place):
    """A stand-in for ContextForge."""

    name = "contextforge"
    secrets = (PASSWORD,)

    def __init__(self, plane: Forge) -> None:
        self.plane = plane
        self.url = plane.url
        self._switch, self._revoke = plane._switch, plane._revoke

    def restore(self) -> None:
        self.plane._switch, self.plane._revoke = self._switch, self._revoke  # type: ignore[method-assign]
        self.plane.off.clear()
        self.plane.revoked.clear()

    def bindings(self, urls: Urls, timeout_s: float, settle_s: float) -> dict[str, Binding]:
        options = {"login": EMAIL, "timeout_s": timeout_s, "settle_s": settle_s, "workers_s": 0}
        return {role: Binding("contextforge", urls[role], Secret(PASSWORD), dict(options)) for role in ROLES}

    def done(self, role: str) -> tuple[int, int]:
        match role:
            case "registry":
                return int(self.is_disabled(SERVER)), 1
            case "policy":
                writes = [name for name, (_, is_read_only) in self.plane.tools.items() if not is_read_only]
                return sum(not self.plane.is_on(name) for name in writes), len(writes)
            case _:
                own = {"k-github", "k-any"}
                return len(own & self.plane.revoked), len(own)

    def begun(self, role: str) -> bool:
        """A tool that is off by its gateway is not of this step's doing."""
        return bool(self.plane.off & {*self.plane.tools}) if role == "policy" else super().begun(role)

    def is_disabled(self, server: str) -> bool:
        return f"g-{server}" in self.plane.off

    def bring_about(self, role: str) -> None:
        match role:
            case "registry":
                self.plane.off.add("g-github")
            case "policy":
                self.plane.off |= {"t-write", "t-other", "t-another"}
            case _:
                self.plane.revoked |= {"k-github", "k-any"}

    def lie(self, role: str) -> None:
        self._bend(role, {}.get)

    def stray(self, role: str) -> bool:
        others = {"g-github": "g-jira", "k-github": "k-jira", "k-any": "k-jira"}
        if role == "policy":
            return False
        self._bend(role, others.get)
        return True

    def half(self, role: str, *, first: bool = False) -> str | None:
        changes = {"tokens": ("k-github", "k-any"), "policy": ("t-another", "t-other")}
        return changes[role][0 if first else 1] if role in changes else None

    def is_change(self, call: Call) -> bool:
        return call.method != "GET" and not call.target.endswith("/login")

    def _bend(self, role: str, other: Any) -> None:
        """The answer is as it would be; the change is made to `other(id)`, or not at all."""

        def bent(act: Any) -> Any:
            def acting(*words: Any, **more: Any) -> Any:
                was = set(self.plane.off), set(self.plane.revoked)
                said = act(*words, **more)
                self.plane.off, self.plane.revoked = was
                if (hit := other(words[-1])) is not None:
                    act(*words[:-1], hit, **more)
                return said

            return acting

        if role == "tokens":
            self.plane._revoke = bent(self._revoke)  # type: ignore[method-assign]
            return
        kinds = {"registry": "gateways", "policy": "tools"}
        switch = bent(self._switch)

        def switching(kind: str, one: str, *, on: bool) -> Any:
            return (switch if kind == kinds[role] else self._switch)(kind, one, on=on)

        self.plane._switch = switching  # type: ignore[method-assign]


class WithOAuth(OnLab):
    """The same plane, with tokens of a service of their own: two to revoke, and one that stays."""

    name = "oauth"

    def __init__(self, plane: Handle, service: TokenService) -> None:
        super().__init__(plane)
        self.service = service
        self.spares = ()  # a client has one secret
        self.secrets += (*_HELD, *SECRETS.values())

    def address(self, role: str) -> str:
        return self.service.url if role == "tokens" else self.url

    def restore(self) -> None:
        super().restore()
        self.service.lies = False
        self.service.tokens = {name: Token(client) for name, client in _HELD.items()}

    def bindings(self, urls: Urls, timeout_s: float, settle_s: float) -> dict[str, Binding]:
        held = [
            {"token": name, "client": client, "audience": AUDIENCE, "keep": name == _KEPT}
            for name, client in _HELD.items()
        ]
        options = {
            "held": Secret("\n".join(map(json.dumps, held))),
            "introspect": {"id": "runner", "secret": Secret(SECRETS["runner"])},
            "clients": [{"id": "agent-a", "secret": Secret(SECRETS["agent-a"])}],
            "names": {SERVER: AUDIENCE},
            "revocation": "token/revocation",
            "introspection": "token/introspection",
            "timeout_s": timeout_s,
            "settle_s": settle_s,
        }
        tokens = Binding("oauth", urls["tokens"], options=options)
        return super().bindings(urls, timeout_s, settle_s) | {"tokens": tokens}

    def done(self, role: str) -> tuple[int, int]:
        if role != "tokens":
            return super().done(role)
        own = [one for name, one in self.service.tokens.items() if name != _KEPT]
        return sum(not one.is_active for one in own), len(own)

    def bring_about(self, role: str) -> None:
        if role != "tokens":
            super().bring_about(role)
            return
        for name, one in self.service.tokens.items():
            one.is_active = name == _KEPT

    def lie(self, role: str) -> None:
        if role == "tokens":
            self.service.lies = True
        else:
            super().lie(role)

    def stray(self, role: str) -> bool:
        return role != "tokens" and super().stray(role)

    def half(self, role: str, *, first: bool = False) -> str | None:
        return list(_HELD)[not first] if role == "tokens" else None

    def is_change(self, call: Call) -> bool:
        return super().is_change(call) and not call.target.endswith("/introspection")

    def is_read(self, call: Call) -> bool:
        return not self.is_change(call)


_KEPT = "planted-held-token-that-stays"
_HELD = {"planted-held-token-1": "agent-a", "planted-held-token-2": "agent-a", _KEPT: "agent-b"}


@contextmanager
def on_lab(folder: Path) -> Iterator[Place]:
    with control_plane(folder, servers=(SERVER, CONTROL), page_size=2) as plane:
        yield OnLab(plane)


@contextmanager
def in_toml(folder: Path) -> Iterator[Place]:
    with control_plane(folder, servers=(SERVER, CONTROL), page_size=2) as plane:
        yield InToml(plane, folder)


@contextmanager
def on_forge(folder: Path) -> Iterator[Place]:  # noqa: ARG001
    with forge() as plane:
        # a second tool that no disabled gateway switches off along with itself
        plane.tools["t-another"] = ("g-jira", False)
        yield OnForge(plane)


@contextmanager
def with_oauth(folder: Path) -> Iterator[Place]:
    with control_plane(folder, servers=(SERVER, CONTROL), page_size=2) as plane, token_service() as service:
        yield WithOAuth(plane, service)


PLACES = {"reference": on_lab, "http": in_toml, "contextforge": on_forge, "oauth": with_oauth}
