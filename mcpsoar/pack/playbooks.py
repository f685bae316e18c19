"""Playbooks: YAML files under `playbooks/`, read into values and complained about by file and line.

`playbooks/schema.json` says the same for editors; what no schema can say (names, rings) is said here alone.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mcpsoar.core.digest import digest
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.core.plan import Playbook, StepSpec, Undo
from mcpsoar.core.profile import ROLES
from mcpsoar.core.verdict import StepVerdict
from mcpsoar.kit import yamltext
from mcpsoar.kit.complaints import together
from mcpsoar.kit.yamltext import Located
from mcpsoar.pack.locate import folder, own

# every action of the house; a connector says which of them it can do
ACTIONS = (
    "registry.disable",
    "registry.disable_tool",
    "tokens.stop_issuance",
    "tokens.stop_issuance_principal",
    "tokens.revoke",
    "tokens.revoke_principal",
    "policy.force_write_approval",
)

_TOP = {"title": str, "steps": list}
_STEP = {"id": str, "title": str, "action": str, "role": str, "undo": str, "after": list, "why": str}
_OPTIONAL = {"shared": bool, "optional": bool, "when": dict, "retry": dict, "limit_s": float}
_WHEN = {"step": str, "verdict": list}
_RETRY = {"attempts": int, "seconds": float}
_MOST = {"attempts": 20, "seconds": 600, "limit_s": 3600}
# what a step can end with that another may wait for; one that was skipped has not ended with anything
VERDICTS = tuple(one for one in StepVerdict if one.verdict is not None)


def paths(root: Path) -> tuple[Path, ...]:
    """Every playbook of a pack, by name."""
    return tuple(sorted(folder(root, "playbooks").glob("*.yml")))


def schema() -> str:
    """The JSON Schema of a playbook, as text."""
    return (own() / "playbooks" / "schema.json").read_text("utf-8")


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
        elif not _is_a(allowed[key], value):
            yield text.bad(f"{key} must be a {_KINDS[allowed[key]]}", *at, key)
        elif key in _MOST and not 0 < value <= _MOST[key]:
            yield text.bad(f"{key} is more than 0 and at most {_MOST[key]}", *at, key)
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
    if "retry" in step:
        yield from _shape(text, step["retry"], {}, _RETRY, "steps", at, "retry")
        if not step["retry"]:
            yield text.bad("retry says attempts, seconds or both", "steps", at, "retry")
    if "when" in step:
        yield from _when(text, step, at)


def _when(text: Located, step: dict[str, Any], at: int) -> Iterator[BadContent]:
    said = step["when"]
    wrong = list(_shape(text, said, _WHEN, {}, "steps", at, "when"))
    yield from wrong
    if wrong:
        return
    if not said["verdict"] or any(one not in list(VERDICTS) for one in said["verdict"]):
        words = f"verdict is a list of {', '.join(VERDICTS)}"
        yield text.bad(words, "steps", at, "when", "verdict")
    if said["step"] not in step["after"]:
        words = f"when names {said['step']!r}, which this step does not wait for: name it in after"
        yield text.bad(words, "steps", at, "when", "step")


def _order(text: Located, steps: list[dict[str, Any]], ids: list[str]) -> Iterator[BadContent]:
    for at, step in enumerate(steps):
        for name in step["after"]:
            if name not in ids:
                yield text.bad(f"after names {name!r}, which is no step", "steps", at, "after")
    unsure = {step["id"] for step in steps if step.get("optional")}
    for at, step in enumerate(steps):
        if (name := step.get("when", {}).get("step")) in unsure:
            words = f"when names {name!r}, which is optional: it may not be there to end"
            yield text.bad(words, "steps", at, "when", "step")
    if ids and unsure == {*ids}:
        yield text.bad("a playbook of optional steps alone may contain nothing", "steps")
    waits = {step["id"]: set(step["after"]) for step in steps}
    while ready := [name for name, needs in waits.items() if not needs & waits.keys()]:
        for name in ready:
            del waits[name]
    if waits:
        at = ids.index(next(iter(waits)))
        yield text.bad(f"these steps wait for each other: {', '.join(waits)}", "steps", at, "after")


def _is_a(kind: type, value: object) -> bool:
    """As JSON Schema has it: 4.0 is an integer, true is no number."""
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int and isinstance(value, float):
        return value.is_integer()
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind) and value != ""


def _spec(step: dict[str, Any]) -> StepSpec:
    when, retry = step.get("when"), step.get("retry", {})
    return StepSpec(
        id=step["id"],
        title=step["title"],
        action=step["action"],
        role=step["role"],
        undo=Undo(step["undo"]),
        after=tuple(step["after"]),
        shared=step.get("shared", False),
        why=step["why"],
        when=when["step"] if when else None,
        verdicts=tuple(StepVerdict(one) for one in when["verdict"]) if when else (),
        attempts=int(retry["attempts"]) if "attempts" in retry else None,
        retry_s=float(retry["seconds"]) if "seconds" in retry else None,
        limit_s=float(step["limit_s"]) if "limit_s" in step else None,
        optional=step.get("optional", False),
    )


def _said(step: StepSpec) -> dict[str, Any]:
    """What counts for the digest; a word that a step does not say is left out."""
    more: dict[str, Any] = {"when": step.when, "verdicts": sorted(step.verdicts), "attempts": step.attempts}
    more |= {"retry_s": step.retry_s, "limit_s": step.limit_s, "optional": step.optional or None}
    return {
        "id": step.id,
        "action": step.action,
        "role": step.role,
        "undo": step.undo.value,
        "after": sorted(step.after),
        "shared": step.shared,
        **{name: said for name, said in more.items() if said not in ([], None)},
    }


_KINDS = {
    str: "text",
    list: "list",
    bool: "true or false",
    dict: "mapping",
    int: "whole number",
    float: "number",
}
