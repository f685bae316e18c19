"""What the file of a rule and the front matter of a detection say alike, and whether it can be meant."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypedDict
from uuid import UUID

from mcpsoar.core.content import Text
from mcpsoar.core.errors import BadContent
from mcpsoar.kit import yamltext
from mcpsoar.pack import playbooks, schema

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
    """What a heading may name: columns of the dictionary, playbooks of the pack."""

    columns: tuple[str, ...]
    playbooks: tuple[str, ...]


class Heading(TypedDict):
    """What a heading gives to the text below it."""

    id: str
    uuid: str
    title: str
    level: str
    status: str
    risk: str
    path: Path
    needs: tuple[str, ...]
    playbook: str | None
    tags: tuple[str, ...]
    false_alarms: tuple[str, ...]


def known(root: Path) -> Known:
    """What the headings of a pack may name. Raises BadContent."""
    return Known(
        tuple(column.name for column in schema.load(root)),
        (*(path.stem for path in playbooks.paths(root)), NO_PLAYBOOK),
    )


def heading(value: dict[str, Any], path: Path) -> Heading:
    """A heading without complaints, as values."""
    custom = value["custom"]
    playbook = custom.get("playbook", NO_PLAYBOOK)
    return Heading(
        id=path.stem,
        uuid=value["id"],
        title=value["title"],
        level=value["level"],
        status=value["status"],
        risk=custom["risk"],
        path=path,
        needs=tuple(custom.get("needs", ())),
        playbook=None if playbook == NO_PLAYBOOK else playbook,
        tags=tuple(value.get("tags", ())),
        false_alarms=tuple(str(one) for one in value.get("falsepositives", ())),
    )


def complaints(located: yamltext.Located, known: Known) -> Iterator[BadContent]:
    """What is wrong with a heading, which is a map; each with file:line."""
    value = located.value
    if not is_text(value.get("title")):
        yield located.bad("has no title", "title")
    if not _is_uuid(value.get("id")):
        yield located.bad("id is no UUID", "id")
    for key, allowed in (("level", LEVELS), ("status", STATUSES)):
        if value.get(key) not in allowed:
            yield located.bad(f"{key} is one of {', '.join(allowed)}", key)
    yield from _custom_complaints(located, value.get("custom"), known)
    yield from _tag_complaints(located, value.get("tags", []))


def twins(found: Sequence[Text]) -> Iterator[BadContent]:
    """Rules and detections are named alike: no two of them by one id or one UUID."""
    for key in ("id", "uuid"):
        seen: dict[str, Text] = {}
        for text in found:
            first = seen.setdefault(getattr(text, key), text)
            if first is not text:
                yield BadContent(f"has the {key} of {first.path}", where=str(text.path))


def is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _custom_complaints(located: yamltext.Located, custom: Any, known: Known) -> Iterator[BadContent]:
    if not isinstance(custom, dict) or not is_text(custom.get("risk")):
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


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False
