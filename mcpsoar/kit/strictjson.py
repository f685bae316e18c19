"""JSON from a stranger: one meaning per text, or Malformed."""

import json
import math
from typing import Any, NoReturn

from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Malformed

DEPTH = 64


def parse(data: bytes, *, where: str | None = None, noun: str = "the answer") -> Json:
    """Read one document, which messages call `noun`. Raises Malformed for what two readers read differently.

    That is: a key twice, NaN and infinities, numbers past a double, lone surrogates, anything not UTF-8,
    more than 64 levels.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_finite,
        )
        _check(value)
    except UnicodeDecodeError:
        raise Malformed(f"{noun} is not UTF-8", where=where) from None
    except _Odd as odd:
        raise Malformed(f"{noun} is not plain JSON: {odd}", where=where) from None
    except RecursionError:
        raise Malformed(f"{noun} is nested too deeply", where=where) from None
    except ValueError:
        raise Malformed(f"{noun} is not JSON", where=where) from None
    return value


class _Odd(Exception):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Odd("a key stands twice")
    return value


def _constant(name: str) -> NoReturn:
    raise _Odd(f"{name} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Odd("a number is out of range")
    return value


def _check(value: Json) -> None:
    level = [value]
    for _ in range(DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _text(item)
            elif isinstance(item, dict):
                for key in item:
                    _text(key)
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return
        level = below
    raise _Odd("it is nested too deeply")


def _text(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _Odd("a string holds half a character") from None
