"""What a SIEM is given: files that a person imports, and objects that it holds by name."""

from dataclasses import dataclass

from mcpsoar.core.digest import Facts


@dataclass(frozen=True, slots=True)
class PackFile:
    """One file of a pack: a relative path with forward slashes, and its bytes."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a SIEM, such as a saved search: its kind, its name there, and the keys that are ours."""

    kind: str
    name: str
    body: Facts
