"""Rules of a pack as values: metadata and cases, read as YAML and JSON alone; nobody parses Sigma here."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from uuid import UUID

from mcpsoar.core.content import Case, RuleText
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.kit import yamltext
from mcpsoar.kit.complaints import together
from mcpsoar.pack import cases, playbooks, schema
from mcpsoar.pack.locate import folder

LEVELS = ("informational", "low", "medium", "high", "critical")
# Sigma's own checker knows none of these namespaces, and lets any text stand in one that it does not know
TAGS = {
    "atlas": re.compile(r"v\d+\.\d+\.\d+|aml\.t\d{4}(\.\d{3})?"),
    "owasp": re.compile(r"mcp(0[1-9]|10)-\d{4}-[a-z]+(-[a-z]+)*"),
    "safe": re.compile(r"t\d{4}"),
}
_SUCH = {
    "atlas": "atlas.aml.t0051.001 or atlas.v5.6.0",
    "owasp": "owasp.mcp03-2025-tool-poisoning",
    "safe": "safe.t1001",
}
NO_PLAYBOOK = "none"
STATUSES = ("stable", "test", "experimental", "deprecated", "unsupported")


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule may name: columns of the dictionary, playbooks of the pack."""

    columns: tuple[str, ...]
    playbooks: tuple[str, ...]


def load(root: Path, wanted: Sequence[str] = ()) -> tuple[RuleText, ...]:
    """Every rule of a pack, by id; or the ones in `wanted`, in that order, and then no other file is read.

    Raises BadContent with every complaint of every file, Usage for an id that no rule has.
    """
    home = folder(root, "sigma_rules")
    known = Known(
        tuple(column.name for column in schema.load(root)),
        (*(path.stem for path in playbooks.paths(root)), NO_PLAYBOOK),
    )
    complaints: list[BadContent] = []
    found: list[RuleText] = []
    for path in _paths(home, wanted):
        try:
            found.append(_rule(path, known))
        except BadContent as error:
            complaints.append(error)
    complaints += _twins(found)
    if complaints:
        raise together(complaints)
    by_id = {rule.id: rule for rule in found}
    return tuple(by_id[name] for name in dict.fromkeys(wanted or by_id))


def _paths(home: Path, wanted: Sequence[str]) -> list[Path]:
    paths = sorted(home.rglob("*.yml"), key=lambda one: one.stem)
    missing = set(wanted) - {path.stem for path in paths}
    if missing:
        first = next(name for name in wanted if name in missing)
        raise Usage(f"no rule {first!r} in {home}", next_command="mcpsoar rules list")
    return [path for path in paths if not wanted or path.stem in wanted]


def _rule(path: Path, known: Known) -> RuleText:
    text = yamltext.text(path)
    located = yamltext.parse(text, path)
    complaints = list(_complaints(located, known))
    read: tuple[Case, ...] = ()
    try:
        read = cases.load(cases.beside(path))
    except BadContent as error:
        complaints.append(error)
    if complaints:
        raise together(complaints)
    value = located.value
    custom = value["custom"]
    playbook = custom.get("playbook", NO_PLAYBOOK)
    return RuleText(
        id=path.stem,
        uuid=value["id"],
        title=value["title"],
        level=value["level"],
        status=value["status"],
        risk=custom["risk"],
        path=path,
        text=text,
        cases=read,
        needs=tuple(custom.get("needs", ())),
        playbook=None if playbook == NO_PLAYBOOK else playbook,
        tags=tuple(value.get("tags", ())),
        false_alarms=tuple(str(one) for one in value.get("falsepositives", ())),
    )


def _complaints(located: yamltext.Located, known: Known) -> Iterator[BadContent]:
    value = located.value
    if not isinstance(value, dict):
        yield located.bad("is no rule: a Sigma rule is a YAML map")
        return
    if "correlation" in value:
        yield located.bad("is a Sigma correlation; what counts over a window is a gate", "correlation")
        return
    if not _is_text(value.get("title")):
        yield located.bad("has no title", "title")
    if not _is_uuid(value.get("id")):
        yield located.bad("id is no UUID", "id")
    for key, allowed in (("level", LEVELS), ("status", STATUSES)):
        if value.get(key) not in allowed:
            yield located.bad(f"{key} is one of {', '.join(allowed)}", key)
    if not isinstance(value.get("detection"), dict):
        yield located.bad("has no detection", "detection")
    yield from _custom_complaints(located, value.get("custom"), known)
    yield from _tag_complaints(located, value.get("tags", []))


def _custom_complaints(located: yamltext.Located, custom: Any, known: Known) -> Iterator[BadContent]:
    if not isinstance(custom, dict) or not _is_text(custom.get("risk")):
        yield located.bad("has no custom: {risk: …}: the risk that it watches", "custom")
        return
    if custom.get("playbook", NO_PLAYBOOK) not in known.playbooks:
        yield located.bad(f"playbook is one of {', '.join(known.playbooks)}", "custom", "playbook")
    needs = custom.get("needs", [])
    if not isinstance(needs, list):
        yield located.bad("needs is a list of the columns that a log must have", "custom", "needs")
        return
    for at, name in enumerate(needs):
        if name not in known.columns:
            (near,) = get_close_matches(str(name), known.columns, n=1, cutoff=0.0)
            said = f"mcp_audit has no column {name!r} to need; the nearest is {near!r}"
            yield located.bad(said, "custom", "needs", at)
        elif name in needs[:at]:
            yield located.bad(f"needs names {name!r} twice", "custom", "needs", at)


def _tag_complaints(located: yamltext.Located, tags: Any) -> Iterator[BadContent]:
    if not isinstance(tags, list):
        yield located.bad("tags is a list", "tags")
        return
    for at, tag in enumerate(tags):
        namespace, dot, name = tag.partition(".") if isinstance(tag, str) else ("", "", "")
        if not dot:
            yield located.bad("a tag is written namespace.name", "tags", at)
        elif namespace in TAGS and not TAGS[namespace].fullmatch(name):
            yield located.bad(f"{tag!r} is no tag of {namespace}, such as {_SUCH[namespace]}", "tags", at)
        elif tag in tags[:at]:
            yield located.bad(f"{tag!r} stands twice", "tags", at)


def _twins(found: Sequence[RuleText]) -> Iterator[BadContent]:
    for key in ("id", "uuid"):
        seen: dict[str, RuleText] = {}
        for rule in found:
            first = seen.setdefault(getattr(rule, key), rule)
            if first is not rule:
                yield BadContent(f"has the {key} of {first.path}", where=str(rule.path))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False
