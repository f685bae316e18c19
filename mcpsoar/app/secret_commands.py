"""Commands that give secrets: each is run once for one reading of the settings, several at the same time."""

import threading
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from mcpsoar.core.profile import SecretSource
from mcpsoar.core.secret import Secret
from mcpsoar.kit.crew import Crew

if TYPE_CHECKING:
    from concurrent.futures import Future

_COMMAND_S = 10.0
_AT_ONCE = 16


class Commands:
    """Who asks waits until the command has ended, or its time; who closes this waits for none."""

    def __init__(self) -> None:
        self._crew = Crew(_AT_ONCE, "mcpsoar-secret")
        self._asked: dict[tuple[str, ...], Future[Secret]] = {}
        self._lock = threading.Lock()

    def ahead(self, said: Iterable[Any]) -> None:
        """Begin those that name a command; what is wrong with one is for its reader to say."""
        for words in (one for table in said for one in _commands(table)):
            self._of(words)

    def secret(self, words: list[str]) -> Secret:
        """What the command prints, without the line's end. Raises OSError, ValueError, SubprocessError."""
        return self._of(tuple(words)).result()

    def close(self) -> None:
        self._crew.close()

    def _of(self, words: tuple[str, ...]) -> "Future[Secret]":
        with self._lock:
            if words not in self._asked:
                self._asked[words] = self._crew.submit(partial(_run, words))
            return self._asked[words]


def _commands(said: Any) -> Iterator[tuple[str, ...]]:
    """`{ command = […] }`, alone or in a list of the order of trying."""
    for one in said if isinstance(said, list) else [said]:
        match one:
            case {SecretSource.COMMAND.value: [str(), *_] as words} if len(one) == 1:
                if all(isinstance(word, str) for word in words):
                    yield tuple(words)


def _run(words: tuple[str, ...]) -> Secret:
    import subprocess

    done = subprocess.run(  # noqa: S603 (the user's own words, no shell)
        words, capture_output=True, timeout=_COMMAND_S, check=True, stdin=subprocess.DEVNULL
    )
    return Secret(done.stdout.decode("utf-8").strip("\r\n"))
