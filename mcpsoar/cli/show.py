"""Words on a terminal: log content is attacker text and is made harmless before it is shown."""

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from mcpsoar.core.digest import Json
from mcpsoar.kit.plain import escaped, is_hidden

if TYPE_CHECKING:
    from rich.console import Console


def clean(text: str, *, limit: int = 2000) -> str:
    """Escape control, bidirectional, zero-width, tag and unassigned characters; cut what is absurdly long."""
    shown = "".join(escaped(char) if is_hidden(char) else char for char in text[:limit])
    return shown + "…" if len(text) > limit else shown


def document(value: Json) -> None:
    """The one JSON document of `--format json`. ASCII, so that no terminal obeys what a log says."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=True) + "\n")


def line(text: str = "") -> None:
    """One line of the answer, on standard output; the caller cleans what came from outside."""
    sys.stdout.write(text + "\n")


def talk(text: str) -> None:
    """One line of progress, on standard error. Nobody listening there never stops what is told of."""
    # closed (AttributeError, ValueError), full, or its reader gone: a containment goes on
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(clean(text) + "\n")
        sys.stderr.flush()


def console(*, no_color: bool) -> "Console":
    """A rich console for tables; markup is off, because cells hold attacker text."""
    from rich.console import Console

    return Console(no_color=no_color or None, highlight=False, markup=False, emoji=False, soft_wrap=False)
