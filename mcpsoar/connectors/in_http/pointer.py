"""JSON pointers (RFC 6901): one place in a parsed answer."""

import re
from enum import Enum
from typing import Final, TypeAlias

from mcpsoar.core.digest import Json

Pointer: TypeAlias = tuple[str, ...]

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_BAD_TILDE = re.compile(r"~(?![01])")


class Nothing(Enum):
    """What a pointer finds where there is nothing; null is something."""

    HERE = "nothing"


NOTHING: Final = Nothing.HERE


def parse(text: str) -> Pointer:
    """`/a/b~1c/0`; the empty text is the whole answer. Raises ValueError for what is no pointer."""
    if text and not text.startswith("/"):
        raise ValueError(f"the pointer {text!r} must begin with /")
    if _BAD_TILDE.search(text):
        raise ValueError(f"in the pointer {text!r} ~ is written ~0, and / within a name ~1")
    return tuple(name.replace("~1", "/").replace("~0", "~") for name in text.split("/")[1:])


def written(pointer: Pointer) -> str:
    """As it is written in settings."""
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in pointer)


def found(value: Json, pointer: Pointer) -> Json | Nothing:
    """What stands there. Lists are entered by number; `-`, one past the end, is nothing."""
    for name in pointer:
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and _INDEX.fullmatch(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return NOTHING
    return value
