"""sort and dedup (their pages in Search Reference 10.0)."""

import ipaddress
import re
from typing import Any

from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.results import Row, Rows, State, key, single
from tests.languages.spl.values import loose, number, order, whole
from tests.languages.spl.words import Words, count, flag

LIMIT = 10_000  # "If no count is specified, the default limit of 10000 is used"


def sort(arguments: str, rows: Rows, state: State) -> Rows:
    """`sort [N] [-|+]field, …`: 0 is all. Results without a field come last either way."""
    words = Words(re.sub(r"(^|[\s,])([+-])\s*(?=[\w(\"])", r"\1 \2 ", arguments))
    limit = words.options({"limit": count}).get("limit")
    if limit is None:
        limit = count(words.take()) if (words.peek() or "").isdigit() else LIMIT
    fields = []
    while words.peek() is not None:
        descending = words.take() == "-" if words.peek() in ("-", "+") else False
        kind = words.take() if words.peek() in ("num", "str") and words.peek(1) == "(" else "auto"
        fields.append((words.inside() if kind != "auto" else words.name(), kind, descending))
        if words.peek() is not None and words.take() != ",":
            raise NotInGrammar(f"sort {arguments}: separate the fields with commas")
    found = state.ties(rows)
    for name, kind, descending in reversed(fields):
        found = _by(found, name, kind, descending=descending)
    return found[:limit] if limit else found


def _by(rows: Rows, name: str, kind: str, *, descending: bool) -> Rows:
    """ "missing … the smallest or largest possible value … if the order is descending or ascending": last."""
    present = [row for row in rows if single(row, name, "sort") is not None]
    keyed = _keyed([row[name] for row in present], name, kind)
    places = sorted(range(len(present)), key=lambda at: keyed[at], reverse=descending)
    return [present[at] for at in places] + [row for row in rows if row.get(name) is None]


def _keyed(values: list[Any], name: str, kind: str) -> list[Any]:
    """ "If the field contains numeric values, … numeric. … IP addresses … Otherwise, … lexicographical".

    It "is determined between each pair of values", so a mix has no order of its own: refused.
    """
    texts = [one for one in values if isinstance(one, str)]
    if kind == "str":
        return [order(str(one)) for one in values] if len(texts) == len(values) else _mixed(name)
    numbers = [whole(one) if not isinstance(one, str) else number(one) for one in values]
    if None not in numbers:
        return numbers
    if kind == "num" or len(texts) != len(values):
        return _mixed(name)
    addresses = [_address(one) for one in texts]
    if None not in addresses:
        return addresses
    if any(one is not None for one in addresses) or any(
        one[:1].isdigit() or loose(one) is not None for one in texts
    ):
        return _mixed(name)
    return [order(one) for one in texts]


def _mixed(name: str) -> list[Any]:
    raise Undocumented(f"the order of mixed values in {name}")


def _address(written: str) -> int | None:
    try:
        return int(ipaddress.IPv4Address(written))
    except ValueError:
        return None


def dedup(arguments: str, rows: Rows, _state: State) -> Rows:
    """Keeps the first N of each combination, in the order of the results; "fields must match all values".

    keepempty=true "keeps every event where one or more of the specified fields is not present", else they
    are dropped.
    """
    words = Words(arguments)
    kept_of_each = count(words.take()) if (words.peek() or "").isdigit() else 1
    known = {"keepempty": flag, "consecutive": flag}
    options, names = words.options(known), []
    while words.peek() is not None and words.peek(1) != "=":
        names.append(words.name())
        if words.peek() == ",":
            words.take()
    options |= words.options(known)
    words.end()
    if not names or kept_of_each < 1 or "sortby" in names:
        raise NotInGrammar(f"dedup {arguments}")
    if options.get("consecutive"):
        return _runs(rows, names, kept_of_each)
    found, seen = [], dict[Any, int]()
    for row in rows:
        combination = key(row, names)
        if combination is None:
            found += [row] if options.get("keepempty") else []
            continue
        seen[combination] = seen.get(combination, 0) + 1
        found += [row] if seen[combination] <= kept_of_each else []
    return found


def _runs(rows: Rows, names: list[str], kept_of_each: int) -> Rows:
    """ "only remove events with duplicate combinations of values that are consecutive"."""
    found: list[Row] = []
    last: Any = None
    for row in rows:
        combination = key(row, names)
        if combination is None or kept_of_each != 1:
            raise Undocumented("dedup consecutive=true with a null or with N")
        found += [row] if combination != last else []
        last = combination
    return found
