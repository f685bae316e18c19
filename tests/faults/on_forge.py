"""A stand-in for ContextForge, whose answers can be bent."""

from typing import Any

from mcpsoar.core.profile import ROLES, Binding
from mcpsoar.core.secret import Secret
from mcpsoar.lab.wire import Call
from tests.contract.forge import EMAIL, PASSWORD, Forge
from tests.faults.place import SERVER, Place, Urls


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
