"""A way to read some files: one row an event, every column of the dictionary as JSON text."""

from collections.abc import Sequence
from dataclasses import dataclass

from mcpsoar.core.event import Column


@dataclass(frozen=True, slots=True)
class View:
    """A FROM clause and what is asked of its rows, as SQL.

    `is_odd` is TRUE for a row that wants a closer look, and reads every field, or the engine would skip some.
    `is_suspect` is TRUE for a row whose line may be no valid JSON. `here` are the columns it does not lack.
    `has_rows` tells that it names each row's file and number, so that nobody else has to find a bad one.
    """

    text: str
    is_odd: str = "FALSE"
    is_suspect: str = "FALSE"
    here: Sequence[Column] = ()
    has_rows: bool = False
