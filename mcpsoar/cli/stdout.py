"""Standard output may be closed, full, or left by its reader: the exit code tells what was done anyway."""

import io
import os
import sys
from contextlib import suppress

READER_LEFT = "its reader left"

_GONE = (OSError, ValueError, AttributeError)  # full or left; closed since; closed when we began
_reasons: list[str] = []


def write(text: str) -> None:
    """Part of the answer. Never raises for what standard output does; `why_lost` remembers it."""
    try:
        sys.stdout.write(text)
    except _GONE as error:
        _lose(error)


def why_lost() -> str | None:
    """Send on what was written, and say why any of it was lost. Told once: who asks passes it on."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except _GONE as error:
            _lose(error)
    first = _reasons[0] if _reasons else None
    _reasons.clear()
    return first


def spell_out() -> None:
    """A character that standard output's coding lacks is escaped: no run ends for want of an umlaut."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _lose(error: Exception) -> None:
    _reasons.append(_words(error))
    with suppress(*_GONE):
        # what its buffer still holds would complain again when the interpreter ends
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    sys.stdout = io.StringIO()  # takes the rest of the answer


def _words(error: Exception) -> str:
    if isinstance(error, BrokenPipeError):
        return READER_LEFT
    return (error.strerror or "it failed") if isinstance(error, OSError) else "it is closed"
