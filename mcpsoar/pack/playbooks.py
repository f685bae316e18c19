"""Playbooks: YAML files under `playbooks/`, read into values and complained about by file and line."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mcpsoar.core.digest import digest
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.core.plan import Playbook, StepSpec, Undo
from mcpsoar.core.profile import ROLES
from mcpsoar.kit import yamltext
from mcpsoar.kit.complaints import together
from mcpsoar.kit.yamltext import Located
from mcpsoar.pack.locate import folder

# every action of the house; a connector says which of them it can do
ACTIONS = ("registry.disable", "tokens.revoke", "policy.force_write_approval")

_TOP = {"title": str, "steps": list}
_STEP = {"id": str, "title": str, "action": str, "role": str, "undo": str, "after": list, "why": str}
_OPTIONAL = {"shared": bool}


def paths(root: Path) -> tuple[Path, ...]:
    """Every playbook of a pack, by name."""
    return tuple(sorted(folder(root, "playbooks").glob("*.yml")))


def load(root: Path, name: str) -> Playbook:
    """One playbook by its name. Raises Usage when there is none, BadContent for what it says."""
    known = {path.stem: path for path in paths(root)}
    if name not in known:
        raise Usage(
            f"no playbook {name!r}; there are: {', '.join(known) or 'none'}",
            next_command="mcpsoar playbooks list",
        )
    return read(known[name])


def read(path: Path) -> Playbook:
    """One file. Raises BadContent with all complaints in one."""
    text = yamltext.read(path)
    complaints = list(_complaints(text))
    if complaints:
        raise together(complaints)
    steps = tuple(_spec(step) for step in text.value["steps"])
    said = {"title": text.value["title"], "steps": [_said(step) for step in steps]}
    return Playbook(path.stem, text.value["title"], steps, digest({"name": path.stem, **said}), str(path))


def _complaints(text: Located) -> Iterator[BadContent]:
    if not isinstance(text.value, dict):
        yield text.bad("a playbook is a mapping with title and steps")
        return
    shape = list(_shape(text, text.value, _TOP, {}))
    yield from shape
    if shape:
        return
    if not text.value["steps"]:
        yield text.bad("a playbook without steps contains nothing", "steps")
    ids: list[str] = []
    for at, step in enumerate(text.value["steps"]):
        if not isinstance(step, dict):
            yield text.bad("a step is a mapping", "steps", at)
            return
        wrong = list(_shape(text, step, _STEP, _OPTIONAL, "steps", at))
        yield from wrong
        if wrong:
            return
        yield from _step(text, step, at, ids)
        ids.append(step["id"])
    if all(isinstance(name, str) for step in text.value["steps"] for name in step["after"]):
        yield from _order(text, text.value["steps"], ids)


def _shape(
    text: Located,
    said: dict[str, Any],
    needed: Mapping[str, type],
    optional: Mapping[str, type],
    *at: str | int,
) -> Iterator[BadContent]:
    allowed = {**needed, **optional}
    for key, value in said.items():
        if key not in allowed:
            yield text.bad(f"unknown key {key!r}; known are {', '.join(allowed)}", *at, str(key))
        elif not isinstance(value, allowed[key]) or value == "":
            yield text.bad(f"{key} must be a {_KINDS[allowed[key]]}", *at, key)
    for key in needed:
        if key not in said:
            yield text.bad(f"{key} is missing", *at)


def _step(text: Located, step: dict[str, Any], at: int, ids: list[str]) -> Iterator[BadContent]:
    if not step["id"].replace("-", "").replace("_", "").isalnum() or not step["id"].isascii():
        yield text.bad("an id is made of letters, digits, - and _", "steps", at, "id")
    if step["id"] == "canary":
        yield text.bad("the id 'canary' is taken by the canary", "steps", at, "id")
    if step["id"] in ids:
        yield text.bad(f"id {step['id']!r} stands twice", "steps", at, "id")
    if step["action"] not in ACTIONS:
        yield text.bad(
            f"unknown action {step['action']!r}; known are {', '.join(ACTIONS)}", "steps", at, "action"
        )
    if step["role"] not in ROLES:
        yield text.bad(f"unknown role {step['role']!r}; known are {', '.join(ROLES)}", "steps", at, "role")
    if step["undo"] not in list(Undo):
        yield text.bad(f"undo is one of {', '.join(Undo)}", "steps", at, "undo")
    if not all(isinstance(name, str) for name in step["after"]):
        yield text.bad("after is a list of step ids", "steps", at, "after")
    if step["action"].startswith("policy.") is not step.get("shared", False):
        yield text.bad("a step is shared exactly when it acts on the policy", "steps", at, "shared")


def _order(text: Located, steps: list[dict[str, Any]], ids: list[str]) -> Iterator[BadContent]:
    for at, step in enumerate(steps):
        for name in step["after"]:
            if name not in ids:
                yield text.bad(f"after names {name!r}, which is no step", "steps", at, "after")
    waits = {step["id"]: set(step["after"]) for step in steps}
    while ready := [name for name, needs in waits.items() if not needs & waits.keys()]:
        for name in ready:
            del waits[name]
    if waits:
        at = ids.index(next(iter(waits)))
        yield text.bad(f"these steps wait for each other: {', '.join(waits)}", "steps", at, "after")


def _spec(step: dict[str, Any]) -> StepSpec:
    return StepSpec(
        id=step["id"],
        title=step["title"],
        action=step["action"],
        role=step["role"],
        undo=Undo(step["undo"]),
        after=tuple(step["after"]),
        shared=step.get("shared", False),
        why=step["why"],
    )


def _said(step: StepSpec) -> dict[str, Any]:
    return {
        "id": step.id,
        "action": step.action,
        "role": step.role,
        "undo": step.undo.value,
        "after": sorted(step.after),
        "shared": step.shared,
    }


_KINDS = {str: "text", list: "list", bool: "true or false"}
