"""Credentials in the order they are tried: when one is refused, all calls after go on with the next."""

import logging
import threading
from collections.abc import Sequence
from typing import Protocol

from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Usage
from mcpsoar.core.secret import Secret

_MASKED_LENGTH = 6  # shorter tokens would blank ordinary words


class Bearer(Protocol):
    """What calls identify themselves with, whoever makes it. Threads share it."""

    @property
    def current(self) -> Secret | None:
        """None: no header is sent. May call somebody to get one, and raise what calls raise."""

    @property
    def most(self) -> int:
        """How many of them one call tries: a refusal of the last one is the last word."""

    def refused(self, token: Secret | None, status: int) -> bool:
        """Go on to the one after `token`; whether there is one to try."""

    def masked(self, value: Json) -> Json:
        """The same value with every echo of each of them blanked."""

    def close(self) -> None: ...


class Credentials:
    """`Bearer` of known tokens. Raises Usage for one that no header can carry; empty ones are none."""

    def __init__(self, tokens: Sequence[Secret | None], *, where: str) -> None:
        checked = (checked_token(token, where=where) for token in tokens)
        self._tokens = tuple(token for token in checked if token is not None)
        self._where = where
        self._at = 0
        self._lock = threading.Lock()

    @property
    def current(self) -> Secret | None:
        return self._tokens[self._at] if self._tokens else None

    @property
    def most(self) -> int:
        return max(len(self._tokens), 1)

    def refused(self, token: Secret | None, status: int) -> bool:
        """Others may have gone on before."""
        with self._lock:
            if token is not self.current:
                return True
            if self._at + 1 >= len(self._tokens):
                return False
            self._at += 1
        logging.getLogger(__name__).warning(
            "%s refused credential %d (HTTP %d): credential %d is used from now on",
            self._where,
            self._at,
            status,
            self._at + 1,
        )
        return True

    def masked(self, value: Json) -> Json:
        for token in self._tokens:
            value = masked(value, token)
        return value

    def close(self) -> None: ...


def checked_token(token: Secret | None, *, where: str) -> Secret | None:
    """Raises Usage for a token that no header can carry, without showing it. An empty one is none."""
    if token is None or not token.reveal():
        return None
    text = token.reveal()
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise Usage("the token holds a character that no header can carry (a line end?)", where=where)
    return token


def masked(value: Json, token: Secret | None) -> Json:
    """The same value with every echo of the token blanked: a plane may repeat what it was sent."""
    if token is None or len(token.reveal()) < _MASKED_LENGTH:
        return value
    text = token.reveal()

    def mask(item: Json) -> Json:
        if isinstance(item, str):
            return item.replace(text, "***")
        if isinstance(item, dict):
            return {mask(key): mask(inner) for key, inner in item.items()}
        return [mask(inner) for inner in item] if isinstance(item, list) else item

    return mask(value)
