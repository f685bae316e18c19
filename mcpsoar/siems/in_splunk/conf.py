"""Splunk's conf files, written and read: stanzas of `key = value`, a backslash before a line that goes on.

What would break out of its line is refused: texts of a pack may be a user's own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mcpsoar.core.errors import Unsupported

Stanza = Mapping[str, str]
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.:{}-]*")
_NAME = re.compile(r"[^\[\]\x00-\x1f\x7f]+")
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as a file has it; a stanza of "" is before the first. `line` is where it starts."""

    stanza: str
    key: str
    value: str
    line: int


def written(stanzas: Mapping[str, Stanza]) -> bytes:
    """A file. Raises Unsupported for a name, a key or a value that would become something else."""
    return "\n".join(_stanza(name, settings) for name, settings in stanzas.items()).encode()


def _stanza(name: str, settings: Stanza) -> str:
    if not _NAME.fullmatch(name) or name != name.strip() or name == "default":
        raise Unsupported(f"{name!r} cannot name a stanza")
    lines = [f"{_checked(name, key, value)}\n" for key, value in settings.items()]
    return f"[{name}]\n{''.join(lines)}"


def _checked(name: str, key: str, value: str) -> str:
    if not _KEY.fullmatch(key):
        raise Unsupported(f"[{name}] {key!r} cannot be a key")
    lines = value.split("\n")
    is_broken = any(not line.strip() or line.endswith("\\") or line.startswith("#") for line in lines)
    if value and (is_broken or value != value.strip() or _CONTROLS.search(value)):
        raise Unsupported(f"[{name}] {key}: {value[:80]!r} cannot be a value")
    return f"{key} = " + " \\\n".join(line.rstrip() for line in lines) if value else f"{key} ="


def read(text: str) -> Iterator[Setting]:
    """The settings of a file in order, and "" as a key for a stanza's own line."""
    stanza, lines = "", text.split("\n")
    at = 0
    while at < len(lines):
        start, line = at + 1, lines[at]
        at += 1
        while line.endswith("\\") and at < len(lines):
            line = f"{line[:-1].rstrip()}\n{lines[at]}"
            at += 1
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            stanza = line.strip()[1:-1]
            yield Setting(stanza, "", "", start)
            continue
        key, _, value = line.partition("=")
        yield Setting(stanza, key.strip(), value.strip(), start)


def stanzas(text: str) -> dict[str, dict[str, str]]:
    """A file as Splunk takes it: of one key the last counts."""
    found: dict[str, dict[str, str]] = {}
    for one in read(text):
        found.setdefault(one.stanza, {})
        if one.key:
            found[one.stanza][one.key] = one.value
    return found
