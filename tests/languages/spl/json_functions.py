"""JSON eval functions (Search Reference 10.0, the page of that name).

How what comes out is laid out, and what of a path that leads nowhere stands among several, is not written:
here with blanks, and as null.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from tests.languages.spl.errors import Undocumented
from tests.languages.spl.values import NO, YES, text, whole

_PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_Reach = Callable[[Any, str], Any]


def _json_extract(_now: int, value: Any, *paths: Any) -> Any:
    """ "Extracts the value specified by <path> … and converts the value to the native type"; of several "a
    JSON array". Keys with "a special character, such as a period" are out of its reach."""
    return _extracted(value, paths, _along)


def _json_extract_exact(_now: int, value: Any, *keys: Any) -> Any:
    """ "treats strings for key extraction literally … does not support explicitly nested paths"."""
    return _extracted(value, keys, _key)


def _extracted(value: Any, wanted: Sequence[Any], reach: _Reach) -> Any:
    if value is None:
        return None
    source = _read(text(value))
    if not wanted:
        raise Undocumented("extracting nothing")
    found = [reach(source, text(one)) for one in wanted]
    return _native(found[0]) if len(found) == 1 else json.dumps(found, ensure_ascii=False)


@lru_cache(maxsize=64)
def _read(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise Undocumented(f"JSON functions of {line[:40]!r}") from error


def _along(value: Any, path: str) -> Any:
    if not _PATH.fullmatch(path):
        raise Undocumented(f"the JSON path {path!r}")
    for key in path.split("."):
        value = _key(value, key)
    return value


def _key(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _native(value: Any) -> Any:
    """A string a string, a Boolean a Boolean, a null a null; arrays and objects as their JSON."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, int | float):
        return whole(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


JSON_FUNCTIONS: Mapping[str, tuple[int, int, Callable[..., Any]]] = {
    "json_extract": (1, 100, _json_extract),
    "json_extract_exact": (1, 100, _json_extract_exact),
}
