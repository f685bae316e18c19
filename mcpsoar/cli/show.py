"""Words on a terminal: log content is attacker text and is made harmless before it is shown."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from mcpsoar.cli import stdout
from mcpsoar.core.digest import Json
from mcpsoar.kit.plain import shown

if TYPE_CHECKING:
    from rich.console import Console


def clean(text: str, *, limit: int = 2000) -> str:
    """Escape control, bidirectional, zero-width, tag and unassigned characters; cut what is absurdly long."""
    return shown(text[:limit]) + ("…" if len(text) > limit else "")


def document(value: Json) -> None:
    """The one JSON document of `--format json`. ASCII, so that no terminal obeys what a log says."""
    stdout.write(json.dumps(value, indent=2, ensure_ascii=True) + "\n")


def line(text: str = "") -> None:
    """One line of the answer, on standard output; the caller cleans what came from outside."""
    stdout.write(text + "\n")


def talk(text: str) -> None:
    """One line of progress, on standard error. Nobody listening there never stops what is told of."""
    # closed (AttributeError, ValueError), full, or its reader gone: a containment goes on
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(clean(text) + "\n")
        sys.stderr.flush()


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, no_color: bool, styles: Sequence[str | None] = ()
) -> None:
    """Rows under their heads; cells are cleaned here. `styles` are rich's words for whole rows, or none.

    A terminal folds long cells into its width. Anything else gets one line a row, however long, without
    colour: what grep, a ticket and a diff can hold.
    """
    cells = [[clean(cell) for cell in row] for row in (heads, *rows)]
    for text in _folded(cells, styles, no_color=no_color) if _is_terminal() else _aligned(cells):
        line(text)


def _aligned(cells: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _folded(cells: Sequence[Sequence[str]], styles: Sequence[str | None], *, no_color: bool) -> Iterator[str]:
    from itertools import zip_longest

    from rich.table import Table

    heads, *rows = cells
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, head in enumerate(heads):
        made.add_column(head, overflow="fold", no_wrap=index == 0)
    for row, style in zip_longest(rows, styles[: len(rows)]):
        made.add_row(*row, style=style)
    screen = _console(no_color=no_color)
    with screen.capture() as capture:
        screen.print(made)
    return (text.rstrip() for text in capture.get().splitlines())


def _console(*, no_color: bool) -> "Console":
    """A rich console for tables; markup is off, because cells hold attacker text."""
    from rich.console import Console

    return Console(
        no_color=no_color or None,
        color_system=None if no_color else "auto",  # no_color alone would leave bold
        highlight=False,
        markup=False,
        emoji=False,
    )


def _is_terminal() -> bool:
    try:
        return sys.stdout.isatty()
    except (AttributeError, ValueError):  # closed
        return False
