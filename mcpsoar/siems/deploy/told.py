"""With which options a pack was last applied: one that is forgotten would take back what it said."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mcpsoar.core.errors import Usage


@dataclass(frozen=True, slots=True)
class Told:
    """`options` by their names on the command line, empty where nothing was said; `files` name the digest of
    an overlay and of a mapping, empty where there was none.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def remembered(last: Told, now: Told) -> None:
    """Raises Usage for an option that was another one, and for a file that was given and is not.

    What a file says may change, and a file that is new may come.
    """
    other = [key for key in now.options.keys() | last.options.keys() if _of(last, key) != _of(now, key)]
    gone = [name for name, digest in last.files.items() if digest and not now.files.get(name)]
    if other or gone:
        said = [*_said(last), *(f"no --{key}" for key in sorted(other) if not _of(last, key))]
        raise Usage(f"last applied with {' and '.join(said)}; say them again, or --change-options")


def _of(told: Told, key: str) -> str:
    return told.options.get(key, "")


def _said(told: Told) -> Iterator[str]:
    yield from (f"--{key} {value}" for key, value in told.options.items() if value)
    yield from (
        f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name, digest in told.files.items() if digest
    )
