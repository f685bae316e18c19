"""When two values mean the same to a SIEM, and which part of a live one is ours.

A SIEM writes back what it was told in its own way: `1` for true, numbers as text, keys in another order, more
keys inside an object, nothing for an empty list.
"""

from typing import Final

from mcpsoar.core.digest import Facts, Json

ABSENT: Final = None  # no SIEM says null where it means anything but nothing
_EMPTY: tuple[Json, ...] = (None, "", [], {}, ())


def is_empty(value: Json) -> bool:
    return value in _EMPTY or (isinstance(value, dict) and all(map(is_empty, value.values())))


def same(one: Json, other: Json) -> bool:
    """Whether they mean the same. Order counts in a list and not in an object."""
    if is_empty(one) or is_empty(other):
        return is_empty(one) and is_empty(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return all(same(one.get(key), other.get(key)) for key in one.keys() | other.keys())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return _text(one) == _text(other)


def owned(live: Json, *ours: Json) -> Json:
    """The live value without what none of `ours` says: keys that a SIEM or a person put beside them."""
    if isinstance(live, dict) and (said := [one for one in ours if isinstance(one, dict)]):
        return {
            key: owned(value, *(one.get(key) for one in said))
            for key, value in live.items()
            if any(key in one for one in said)
        }
    if isinstance(live, list):
        return [
            owned(value, *(one[at] for one in ours if isinstance(one, list) and len(one) == len(live)))
            for at, value in enumerate(live)
        ]
    return live


def merged(live: Json, wanted: Json, last: Json) -> Json:
    """What to send: ours, and beside it the keys of a live object that were never ours."""
    if not isinstance(live, dict) or not isinstance(wanted, dict):
        return wanted
    before = last if isinstance(last, dict) else {}
    theirs = {key: value for key, value in live.items() if key not in wanted and key not in before}
    return theirs | {key: merged(live.get(key), value, before.get(key)) for key, value in wanted.items()}


def picked(body: Facts, keys: Facts) -> Facts:
    """These keys of a body, as far as it has them."""
    return {key: body[key] for key in keys if key in body}


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
