"""A way to read some files: one row an event, every column of the dictionary as JSON text."""

from collections.abc import Sequence
from dataclasses import dataclass

from mcpsoar.core.event import Column


@dataclass(frozen=True, slots=True)
class View:
    """A FROM clause and what is asked of its rows, as SQL.

    `here` are the columns it does not lack. A row wants a closer look where one of them may not be of its
    kind, or where one of the `doubts` is TRUE. `is_suspect` is TRUE for a row whose line may be no valid
    JSON. `has_rows` tells that it names each row's number, so that none has to be looked for.
    `is_whole` tells that it takes whole lines apart, so that `here` cannot know which columns they lack.
    """

    text: str
    here: Sequence[Column] = ()
    doubts: Sequence[str] = ()
    is_suspect: str = "FALSE"
    has_rows: bool = False
    is_whole: bool = False
