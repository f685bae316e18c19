"""The settings of one action, read whole before anything is sent. Everything here raises Usage."""

import re
from typing import Any

from mcpsoar.connectors.in_http import template
from mcpsoar.connectors.in_http.pointer import written
from mcpsoar.connectors.in_http.said import Call, List, Look, Next, Said
from mcpsoar.connectors.in_http.table import Place, Table
from mcpsoar.connectors.in_http.template import ITEM, NOW, WAS
from mcpsoar.connectors.in_http.wording import ABSENT, DONE, condition

_METHODS = ("POST", "PUT", "PATCH", "DELETE")
_ACTION = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_ONE = ("method", "path", "query", "in_force", "not_in_force", "facts", "marks")
_LIST = ("items", "id", "of", "outlives", "expires", "next", "whole", "keep", "empty_is_unknown")


def read(actions: Any, place: Place) -> dict[str, Said]:
    """Every action under `actions`."""
    table = Table(actions, ("actions",), place)
    if not list(table):
        raise table.bad('actions has a table for each action: actions."registry.disable"')
    return {name: _action(table, name) for name in table}


def _action(actions: Table, name: str) -> Said:
    if not _ACTION.fullmatch(name):
        raise actions.bad(f'{name!r} is no action: they are named "registry.disable", quoted', name)
    table = actions.inner(name, ("look", "do", "undo", "unknown"), template.targets(name))
    if "do" not in table:
        raise table.bad(f"{name} lacks do")
    look = _look(table.inner("look", (*_ONE, *_LIST))) if "look" in table else None
    is_list = look is not None and look.list is not None
    said = Said(
        action=name,
        look=look,
        do=_change(table, "do", is_list=is_list),
        undo=_change(table, "undo", is_list=False) if "undo" in table else None,
        unknown=condition(table, "unknown", ABSENT) if "unknown" in table else None,
    )
    if is_list and said.undo is not None:
        raise table.bad("what is done to a list has no undo", "undo")
    for place in said.put_back:
        if look is None or place not in look.places:
            words = f"the look does not see {written(place)}: name it in its facts, to put it back"
            raise table.bad(words, "undo", "body")
    if is_list and not said.is_each and look and look.list and look.list.keep:
        raise table.bad("keep needs a do for each entry, with {item} in it", "look", "keep")
    if said.do.gone is not None and not said.is_each:
        raise table.bad("gone needs a do for each entry, with {item} in it", "do", "gone")
    return said


def _change(action: Table, key: str, *, is_list: bool) -> Call:
    more, item = (("gone",), (ITEM,)) if is_list else ((), ())
    known = ("method", "path", "query", "body", "done", *more)
    table = action.inner(key, known, (*action.places, *item))
    method = table.checked("method", str)
    if method not in _METHODS:
        raise table.bad(f"method of a change is one of {', '.join(_METHODS)}", "method")
    if "body" in table and not isinstance(table["body"], dict | list):
        raise table.bad("body is a table, which becomes JSON", "body")
    return Call(
        method,
        table.path("path"),
        table.words("query"),
        table.json("body", WAS if key == "undo" else NOW) if "body" in table else None,
        condition(table, "done", DONE) if "done" in table else None,
        condition(table, "gone", ABSENT[1:]) if "gone" in table else None,
    )


def _look(table: Table) -> Look:
    if "method" in table and table["method"] != "GET":
        raise table.bad("a look changes nothing: its method is GET", "method")
    is_list = "items" in table
    for key in _LIST if not is_list else ("facts", "marks"):
        if key in table:
            raise table.bad(f"{key} is of a look at {'one object' if is_list else 'a list, with items'}", key)
    for key in ("not_in_force",) if is_list else ("in_force", "not_in_force"):
        if key not in table:
            raise table.bad(f"look lacks {key}: what is neither must not be guessed")
    return Look(
        Call("GET", table.path("path"), table.words("query")),
        condition(table, "in_force") if "in_force" in table else None,
        condition(table, "not_in_force"),
        table.pointers("facts"),
        _list(table) if is_list else None,
        table.pointers("marks"),
    )


def _list(table: Table) -> List:
    if template.PRINCIPAL in table.places and "empty_is_unknown" not in table:
        raise table.bad("a mistyped name looks like one without tokens: say empty_is_unknown, true or false")
    if ("next" in table) is table.truth("whole"):
        raise table.bad("a list says how its next page is found (next), or whole = true")
    return List(
        table.pointer("items"),
        table.pointer("id"),
        condition(table, "of") if "of" in table else None,
        condition(table, "outlives") if "outlives" in table else None,
        table.pointer("expires") if "expires" in table else None,
        _next(table.inner("next", ("pointer", "query", "optional"))) if "next" in table else None,
        frozenset(table.texts("keep")),
        table.truth("empty_is_unknown"),
    )


def _next(table: Table) -> Next:
    query = table.checked("query", str) if "query" in table else None
    return Next(table.pointer("pointer"), query, table.truth("optional"))
