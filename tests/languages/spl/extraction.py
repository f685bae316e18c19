"""What JSON becomes: the fields of an event.

Search Reference 10.0, spath, "location path": a key is a field, an object's keys follow its own after a
period, the elements of a list are the values of `name{}`; values are text. What a null becomes is told in two
ways, no field or "null", and so is an empty text: a caller of `fields` says which.
"""

import json
from typing import Any

from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.results import Rows, State, single

CUTOFF = 5000  # limits.conf.spec 10.0, [spath] extraction_cutoff: characters that spath looks at


class Number(str):
    """A number as it is written."""

    __slots__ = ()


def fields(line: str, *, null: str | None, empty: str | None) -> dict[str, Any]:
    """The fields of one line of JSON."""
    found: dict[str, list[str]] = {}
    value = json.loads(line, parse_int=Number, parse_float=Number, object_pairs_hook=list)
    for name, one in _leaves("", value):
        told = null if one is None else empty if one == "" and "{" not in name else one
        if told is not None:
            found.setdefault(name, []).append(told)
    return {name: many if len(many) > 1 else many[0] for name, many in found.items()}


def spath(arguments: str, rows: Rows, _state: State) -> Rows:
    """spath alone: "all of the fields from the first 5000 characters in the input field", which is _raw."""
    if arguments.strip():
        raise NotInGrammar(f"spath {arguments}")
    found = []
    for row in rows:
        line = str(single(row, "_raw", "spath"))
        if len(line) > CUTOFF:
            raise Undocumented("what spath makes of half an event")
        found.append(row | fields(line, null="null", empty=None))
    return found


def _leaves(name: str, value: Any) -> list[tuple[str, str | None]]:
    if isinstance(value, list) and value and all(isinstance(one, tuple) for one in value):
        return [leaf for key, one in value for leaf in _leaves(f"{name}.{key}" if name else key, one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in _leaves(f"{name}{{}}", one)]
    if isinstance(value, bool):
        return [(name, "true" if value else "false")]
    return [(name, value if value is None else str(value))]
