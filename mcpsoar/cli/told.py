"""The next command, ready to paste: with what this one was told about where things are."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

_PLANE = ("api", "profile", "config", "home", "pack")
_TAKES = {
    ("contain",): (*_PLANE, "playbook"),
    ("release",): _PLANE,
    ("doctor",): _PLANE,
    ("runs", "resume"): _PLANE,
    ("runs", "list"): ("home",),
    ("runs", "show"): ("home",),
    ("runs", "verify"): ("config", "home"),
    ("runs", "sign"): ("profile", "config", "home"),
    ("runs", "export"): ("home",),
    ("playbooks",): ("pack",),
    ("rules",): ("pack",),
    ("gates",): ("pack",),
}
_INSTEAD = {"api": {"profile", "config"}, "profile": {"api"}}  # what an option leaves no room for


@dataclass(frozen=True, slots=True)
class Told:
    """On the command line or by the environment; None where nothing was said. No secret is among them."""

    api: str | None = None
    profile: str | None = None
    config: str | None = None
    home: str | None = None
    pack: str | None = None
    playbook: str | None = None

    def complete(self, command: str) -> str:
        """`command` with the options that it needs to find what this one found; if it is one of ours."""
        words = command.split()
        if words[:1] != ["mcpsoar"] or "--help" in words:
            return command
        takes = _TAKES.get(tuple(words[1:2])) or _TAKES.get(tuple(words[1:3])) or ()
        said = {name for name in Told.__dataclass_fields__ if f"--{name}" in words}
        said |= next((names for name, names in _INSTEAD.items() if name in said), set())
        for name in takes:
            value = getattr(self, name)
            if value and name not in said:
                command += f" --{name} {shlex.quote(value)}"
        return command

    def at(self, place: Mapping[str, Any]) -> "Told":
        """The same, but on the control plane of a run: its `api`, or else its `profile`."""
        if place.get("api"):
            return replace(self, api=place["api"], profile=None, config=None)
        return replace(self, api=None, profile=place["profile"]) if place.get("profile") else self


def told(options: Mapping[str, Any], environ: Mapping[str, str]) -> Told:
    """From a command's options and, after them, the environment: it may have been set for this one alone."""
    said = {name: options.get(name) or None for name in Told.__dataclass_fields__}
    if not said["api"] and not said["profile"] and not said["config"]:
        said["api"] = environ.get("MCPSOAR_API") or environ.get("API")
    for name in ("config", "home", "pack"):
        said[name] = said[name] or environ.get(f"MCPSOAR_{name.upper()}")
    if "@" in (said["api"] or ""):  # a password in an address is refused later, and shown nowhere
        said["api"] = None
    return Told(**said)
