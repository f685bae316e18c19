"""A condition as the settings write it. Everything here raises Usage."""

from typing import Any

from mcpsoar.connectors.in_http.condition import Condition, Every, Says, Some
from mcpsoar.connectors.in_http.table import Keys, Table

ABSENT = (200, 400, 404, 409, 410, 422)  # all else has a meaning of its own: refused, busy, broken
DONE = (200, 201, 204)  # 202 is a promise
_TESTS = ("is", "one_of", "holds", "null")


def condition(table: Table, key: str, statuses: tuple[int, ...] = ()) -> Condition:
    """What stands under `key`, which is there; a status only where some are allowed."""
    return _tests(table, table[key], (key,), statuses)


def _tests(table: Table, value: Any, keys: Keys, statuses: tuple[int, ...]) -> Condition:
    """One table, or a list of them that must all be met."""
    if isinstance(value, list) and value:
        return Every(tuple(_tests(table, one, (*keys, at), statuses) for at, one in enumerate(value)))
    known = ("pointer", *_TESTS, "any", *(("status",) if statuses else ()))
    inner = Table(value, (*table.keys, *keys), table.place, known, table.places)
    if "any" in inner:
        parts = inner["any"]
        if not isinstance(parts, list) or not parts or len(list(inner)) > 1:
            raise inner.bad("any is a list of conditions, and stands alone", "any")
        return Some(tuple(_tests(table, one, (*keys, "any", at), statuses) for at, one in enumerate(parts)))
    return _says(inner, statuses)


def _says(table: Table, statuses: tuple[int, ...]) -> Says:
    tests = [key for key in _TESTS if key in table]
    named = table["status"] if "status" in table else []  # noqa: SIM401 (no dict)
    named = named if isinstance(named, list) else [named]
    if not all(type(one) is int and one in statuses for one in named):
        raise table.bad(f"status is one of {', '.join(map(str, statuses))}", "status")
    if len(tests) != ("pointer" in table) or not (tests or named):
        raise table.bad(f"a condition is a pointer with one of {', '.join(_TESTS)}")
    for key in ("one_of", "holds"):
        if key in table and not (isinstance(table[key], list) and table[key]):
            raise table.bad(f"{key} is a list of values", key)
    value: Any = table.json(tests[0]) if tests else None
    return Says(
        pointer=table.pointer("pointer") if tests else None,
        values=(value,) if "is" in table else tuple(value) if "one_of" in table else (),
        holds=tuple(value) if "holds" in table else (),
        null=table.truth("null") if "null" in table else None,
        statuses=frozenset(named),
    )
