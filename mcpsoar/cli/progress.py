"""Progress on standard error for whoever reads it; a reader who stops reading does not stop the work."""

import select
import sys

from mcpsoar.cli import show

_PATIENCE_S = 0.5


class Progress:
    """Call it with a line. A pipe that stays full, as behind a pager that waits, loses lines and is told so.

    What is said after the work is done goes through `show.talk`, which waits for its reader.
    """

    def __init__(self) -> None:
        self._lost = 0

    def __call__(self, text: str) -> None:
        if not _takes(0.0 if self._lost else _PATIENCE_S):
            self._lost += 1
            return
        lost, self._lost = self._lost, 0
        show.talk(f"[{lost} lines before this were not taken] {text}" if lost else text)


def _takes(patience_s: float) -> bool:
    try:
        _, ready, _ = select.select([], [sys.stderr], [], patience_s)
    except (OSError, ValueError, TypeError):  # closed, or no file at all: nothing to wait for
        return True
    return bool(ready)
