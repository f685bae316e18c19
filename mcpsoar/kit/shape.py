"""What a parsed answer must look like. All raise Malformed, with `where` and without a stranger's text."""

from datetime import datetime
from typing import Any

from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Malformed
from mcpsoar.kit.clock import stamp


def one_of(body: Json, name: str, allowed: tuple[str, ...], *, where: str) -> str:
    """The text that an object holds under `name`."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or value not in allowed:
        raise Malformed(f"the answer does not say {name}: {' or '.join(allowed)}", where=where)
    return value


def match(body: Json, name: str, wanted: str, *, where: str) -> None:
    """An object that says exactly this."""
    one_of(body, name, (wanted,), where=where)


def items(body: Json, name: str, *, where: str) -> list[Any]:
    """The list that an object holds under `name`; nothing is said of what is in it."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, list):
        raise Malformed(f"the answer has no list of {name}", where=where)
    return value


def instant(value: Json, name: str, *, where: str) -> str | None:
    """RFC 3339 with a zone, written our way; None stays None: no end is known."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError
        return stamp(at)
    except (TypeError, ValueError, OverflowError):
        raise Malformed(f"{name} is not an RFC 3339 time with a zone", where=where) from None
