"""What to type where a home cannot be read or written: that depends on what was typed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from mcpsoar.core.errors import Unwritable

ELSEWHERE = " --home ANOTHER_DIR"


@contextmanager
def at_home(home: Path, next_command: Callable[[], str]) -> Iterator[None]:
    """Raises Unwritable with the next command, also for what the machine refuses below `home`.

    A containment is as good in another home, and its command ends in ELSEWHERE; all else is in this one.
    """
    try:
        yield
    except Unwritable as error:
        raise _told(error.message, error.where, next_command()) from None
    except OSError as error:
        name = error.filename
        if not isinstance(name, str | PathLike) or not Path(name).is_relative_to(home):
            raise
        words = f"cannot be used, so nothing more is changed: {error.strerror}"
        raise _told(words, str(name), next_command()) from None


def _told(message: str, where: str | None, next_command: str) -> Unwritable:
    if not next_command.endswith(ELSEWHERE):
        message += "; make room there, or make it yours, and go on"
    return Unwritable(message, where=where, next_command=next_command)
