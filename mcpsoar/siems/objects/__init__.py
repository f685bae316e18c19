"""What a SIEM is given: files that a person imports, and objects that it holds by name; and what it asks."""

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


@dataclass(frozen=True, slots=True)
class BuildOption:
    """What one SIEM has to be told beside the options of all: `--name` on the command line, a text or one of
    `choices`; `default` where nothing is said. Where its profile has a key of that name, that says it to
    whatever deploys.
    """

    name: str
    help: str
    metavar: str = "NAME"
    choices: tuple[str, ...] = ()
    default: str = ""
