"""-v: what the parts log goes to standard error, one line each."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from mcpsoar.cli.progress import Progress


class _Talk(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self._say = Progress()

    def emit(self, record: logging.LogRecord) -> None:
        self._say(record.getMessage())


@contextmanager
def heard() -> Iterator[None]:
    """As long as it lasts, calls to other systems and the waits between them are told."""
    logger, handler, level = logging.getLogger("mcpsoar"), _Talk(), logging.getLogger("mcpsoar").level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
