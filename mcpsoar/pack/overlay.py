"""A user's own tuning of a pack, in a file that no upgrade touches. It changes settings, never a query.

    gates:
      scope-mismatch: {page: ">= 2 %", min_denominator: 200, owner: Identity Team, enabled: true}
    rules:
      shadow_server_in_production:
        level: critical
        every: 15m
        allow: [{server_name: lab-fetch}, {actor_id: svc-deploy, tool_name: restart}]
    approved: [github, jira]
    pins: {github: 9f86d081…}
    tickets: {github: CHG-1042}
    deploy_windows: [{server_name: github, from: 2026-03-01T20:00:00Z, to: 2026-03-01T22:00:00Z}]

Each is optional. An entry of `allow` holds where every field of it does; names compare exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcpsoar.core.content import Threshold
from mcpsoar.core.event import MINUTE_MS
from mcpsoar.kit import yamltext
from mcpsoar.kit.complaints import together
from mcpsoar.pack import gates
from mcpsoar.pack.overlay_complaints import GATE, RULE, Known, complaints, milliseconds


@dataclass(frozen=True, slots=True)
class GateTuning:
    """What a user says of one gate; None where the pack's own word stands."""

    page: Threshold | None = None
    warn: Threshold | None = None
    window_ms: int | None = None
    min_denominator: int | None = None
    min_numerator: int | None = None
    owner: str | None = None
    severity: str | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class RuleTuning:
    """What a user says of one rule or detection. `allow` are events to be quiet about: column and value."""

    level: str | None = None
    every_minutes: int | None = None
    owner: str | None = None
    enabled: bool | None = None
    allow: tuple[tuple[tuple[str, str], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class DeployWindow:
    """Half open, in milliseconds since 1970 UTC."""

    server_name: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Tuning:
    """By id of gate and of rule; pins and tickets by server. `approved` is None where no list is given."""

    gates: Mapping[str, GateTuning] = field(default_factory=dict)
    rules: Mapping[str, RuleTuning] = field(default_factory=dict)
    approved: tuple[str, ...] | None = None
    pins: Mapping[str, str] = field(default_factory=dict)
    tickets: Mapping[str, str] = field(default_factory=dict)
    deploy_windows: tuple[DeployWindow, ...] = ()

    def gate(self, id_: str) -> GateTuning:
        """What is said of one gate, perhaps nothing."""
        return self.gates.get(id_, GateTuning())

    def rule(self, id_: str) -> RuleTuning:
        """What is said of one rule or detection, perhaps nothing."""
        return self.rules.get(id_, RuleTuning())


def read(path: Path, known: Known) -> Tuning:
    """One overlay. Raises BadContent with every complaint, each with file:line."""
    located = yamltext.read(path)
    if located.value is None:
        return Tuning()
    found = list(complaints(located, known))
    if found:
        raise together(found)
    value: dict[str, Any] = located.value
    approved = value.get("approved")
    return Tuning(
        gates={name: _gate(said) for name, said in value.get("gates", {}).items()},
        rules={name: _rule(said) for name, said in value.get("rules", {}).items()},
        approved=None if approved is None else tuple(approved),
        pins=value.get("pins", {}),
        tickets=value.get("tickets", {}),
        deploy_windows=tuple(
            DeployWindow(one["server_name"], milliseconds(one["from"]), milliseconds(one["to"]))
            for one in value.get("deploy_windows", ())
        ),
    )


def _gate(said: Mapping[str, Any]) -> GateTuning:
    made: dict[str, Any] = {key: said[key] for key in GATE if key in said}
    made |= {key: gates.threshold(made[key]) for key in ("page", "warn") if key in made}
    if "window" in made:
        made["window_ms"] = gates.window_ms(made.pop("window"))
    return GateTuning(**made)


def _rule(said: Mapping[str, Any]) -> RuleTuning:
    made: dict[str, Any] = {key: said[key] for key in RULE if key in said}
    if "every" in made:
        made["every_minutes"] = gates.window_ms(made.pop("every")) // MINUTE_MS
    made["allow"] = tuple(tuple(sorted(entry.items())) for entry in made.get("allow", ()))
    return RuleTuning(**made)
