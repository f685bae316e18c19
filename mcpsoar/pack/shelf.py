"""Many files of one sort, read together: every complaint of all, and what was asked for in its order."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from mcpsoar.core.content import GateText, Text
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.kit.complaints import together
from mcpsoar.pack.heading import twins

T = TypeVar("T", bound=Text | GateText)


def several(
    paths: Sequence[Path],
    wanted: Sequence[str],
    read: Callable[[Path], T],
    *,
    noun: str,
    home: Path,
    listed_by: str = "rules list",
) -> tuple[T, ...]:
    """What the files hold, in their order; or what `wanted` names, in that order, and then no other is read.

    Raises BadContent with every complaint of every file, Usage for an id that no file of `home` has.
    """
    there = {path.stem for path in paths}
    for name in wanted:
        if name not in there:
            raise Usage(f"no {noun} {name!r} in {home}", next_command=f"mcpsoar {listed_by}")
    complaints: list[BadContent] = []
    found: list[T] = []
    for path in paths:
        if not wanted or path.stem in wanted:
            try:
                found.append(read(path))
            except BadContent as error:
                complaints.append(error)
    complaints += twins([text for text in found if not isinstance(text, GateText)])  # a gate has no UUID
    if complaints:
        raise together(complaints)
    by_id = {text.id: text for text in found}
    return tuple(by_id[name] for name in dict.fromkeys(wanted or by_id))
