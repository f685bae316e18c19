"""The SIEMs that there are: the modules of `mcpsoar.siems`, and those of other packages by an entry point.

A plug-in says what it has of its own without any import: what it is made of is imported where it is used.
"""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from mcpsoar.kit import find
from mcpsoar.kit.mapping import MappingKey

if TYPE_CHECKING:
    from mcpsoar.siems.asked import Siem

SIEMS = "mcpsoar.siems"


def names() -> tuple[str, ...]:
    """Imports none."""
    return find.names(SIEMS)


def siem(name: str) -> "Siem":
    """The SIEM of that name. Raises Usage."""
    made: Siem = find.load(SIEMS, name).make()
    return made


@cache
def every() -> tuple[tuple[str, "Siem"], ...]:
    """By name; one that cannot be imported is told of where it is asked for by its name."""
    return tuple(_found())


def mapping_keys() -> tuple[MappingKey, ...]:
    """What a mapping may say for one SIEM or another: one file serves them all, and the scan."""
    return tuple(key for _, one in every() for key in one.mapping_keys)


def _found() -> Iterator[tuple[str, "Siem"]]:
    for name in names():
        try:
            yield name, siem(name)
        except ImportError:
            continue
