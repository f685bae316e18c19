"""A quick start: what a program in a hurry need not load."""

import sys


def spare_httpx_its_command_line() -> None:
    """Importing httpx also imports its own command line, with rich and pygments: half of its start-up time.

    httpx does without when the import fails, so it is made to fail. Nobody here uses that command line.
    """
    if "httpx" not in sys.modules:
        sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is how an import is barred


def load_wire() -> None:
    """Import what every call needs, in the thread that has nothing else to do yet."""
    spare_httpx_its_command_line()
    from mcpsoar.kit import transport  # noqa: F401 (imported for its weight)
