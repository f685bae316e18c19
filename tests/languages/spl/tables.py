"""lookup, inputlookup and outputlookup (their pages in Search Reference 10.0; transforms.conf for defaults).

A table is a list of rows of texts, in file order. Names in `collections` are KV store collections, the others
are CSV files. Matching is exact and case-sensitive (transforms.conf: case_sensitive_match defaults to true).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.languages.spl import terms
from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.results import Row, Rows, State, single, value
from tests.languages.spl.values import decided, text
from tests.languages.spl.words import Words, flag

MATCHES = 1000  # "range 1 - 1000", the default of a lookup without time
_RISKY: Mapping[str, Callable[[str], Any]] = {
    "append": flag,
    "key_field": str,
    "override_if_empty": flag,
    "create_empty": flag,
}


def lookup(arguments: str, rows: Rows, state: State) -> Rows:
    """OUTPUT overwrites; OUTPUTNEW "is not performed for events in which the output fields already exist"."""
    words = Words(arguments)
    table = _table(words.take(), state)
    matched = _pairs(words)
    if words.peek() not in ("OUTPUT", "OUTPUTNEW"):
        raise NotInGrammar("lookup without OUTPUT or OUTPUTNEW")
    new = words.take() == "OUTPUTNEW"
    wanted = _pairs(words)
    if {mine for _, mine in matched} & {mine for _, mine in wanted}:
        raise NotInGrammar("a lookup reference cycle")
    found = []
    for row in rows:
        present = [name for _, name in wanted if row.get(name) is not None]
        if new and present and len(present) < len(wanted):
            raise Undocumented("OUTPUTNEW where some of the fields exist")
        found.append(row if new and present else _looked_up(row, table, matched, wanted))
    return found


def _looked_up(row: Row, table: Rows, matched: list[tuple[str, str]], wanted: list[tuple[str, str]]) -> Row:
    keys = {theirs: single(row, mine, "lookup") for theirs, mine in matched}
    absent = None in keys.values()
    hits = (
        []
        if absent
        else [one for one in table if all(one.get(name) == text(key) for name, key in keys.items())]
    )
    if not hits:
        if any(row.get(name) is not None for _, name in wanted):
            raise Undocumented("whether a lookup without a match clears the fields that exist")
        return row
    if len(hits) > MATCHES:
        raise Undocumented("a lookup with more matches than max_matches")
    found = dict(row)
    for theirs, mine in wanted:
        values = [one[theirs] for one in hits if theirs in one]
        if len(hits) > 1 and len(set(map(str, values))) != len(hits):
            raise Undocumented("several matches of a lookup with equal or missing values")
        if "" in values:
            raise Undocumented("an empty cell of a lookup: a text or nothing")
        found.pop(mine, None)
        if values:
            found[mine] = values if len(values) > 1 else values[0]
    return found


def inputlookup(arguments: str, rows: Rows, state: State) -> Rows:
    """With append=true "the data … is appended to the current set of results"; WHERE prefilters it."""
    parts = re.split(r"\s+where\s+", arguments, maxsplit=1, flags=re.IGNORECASE)
    words, condition = Words(parts[0]), "".join(parts[1:])
    options = words.options({"append": flag})
    table = _table(words.take(), state)
    words.end()
    if rows and not options.get("append"):
        raise NotInGrammar("inputlookup without append=true after other results")
    found = terms.parse(condition)
    return rows + [dict(row) for row in table if decided(found.test(row), f"where {condition}")]


def outputlookup(arguments: str, rows: Rows, state: State) -> Rows:
    """Writes the table and passes the results on.

    append=false replaces it; append=true "writes only the fields that are present in the previously existing"
    file; key_field "uses the specified field name as the key to a value and replaces that value", and appends
    by default.
    """
    words = Words(arguments)
    options = words.options(_RISKY)
    name = words.take()
    options |= words.options(_RISKY)
    words.end()
    if "create_empty" in options or ("key_field" in options and name not in state.collections):
        raise NotInGrammar(f"outputlookup {arguments}")
    new = [_written(row, name in state.collections) for row in rows]
    old = state.tables.get(name)
    if options.get("append", "key_field" in options) and old is not None:
        new = _appended(old, new, options.get("key_field"), csv=name not in state.collections)
    elif "key_field" in options:
        new = _keyed([], new, options["key_field"])
    state.written.append(name)
    if new or not options.get("override_if_empty", True):
        state.tables[name] = new if new else old or []
    else:
        state.tables.pop(name, None)  # "no results … the existing output file is deleted"
    return rows


def _written(row: Row, collection: bool) -> Row:
    """A CSV file "merges values in a multivalued field into single space-delimited value"."""
    found: Row = {}
    for name in row:
        one = value(row, name)
        if name.startswith("_") and name != "_key":
            raise Undocumented(f"whether outputlookup writes {name}: name the fields with table")
        if isinstance(one, list):
            found[name] = [text(each) for each in one] if collection else " ".join(map(text, one))
        else:
            found[name] = text(one)
    return found


def _appended(old: Rows, new: Rows, key_field: str | None, *, csv: bool) -> Rows:
    if key_field is not None:
        return _keyed(old, new, key_field)
    if csv:
        header = {name for row in old for name in row}
        if not header:
            raise Undocumented("appending to a file whose header is not known")
        new = [{name: one for name, one in row.items() if name in header} for row in new]
    return old + new


def _keyed(old: Rows, new: Rows, key_field: str) -> Rows:
    table: dict[Any, Row] = {row["_key"]: row for row in old}
    fresh: set[Any] = set()
    for row in new:
        if key_field not in row or isinstance(row[key_field], list) or row[key_field] in fresh:
            raise Undocumented("a key of outputlookup that is missing, many or written twice")
        fresh.add(row[key_field])
        before = table.get(row[key_field], {})
        if set(before) - set(row) - {"_key"}:
            raise Undocumented("whether a replaced record keeps the fields that are not written")
        table[row[key_field]] = row | {"_key": row[key_field]}
    return list(table.values())


def _table(name: str, state: State) -> Rows:
    if name not in state.tables:
        raise Undocumented(f"the lookup {name} does not exist")
    return state.tables[name]


def _pairs(words: Words) -> list[tuple[str, str]]:
    found = []
    while words.peek() is not None and words.peek() not in ("OUTPUT", "OUTPUTNEW"):
        theirs = words.name()
        found.append((theirs, words.renamed(theirs)))
        if words.peek() == ",":
            words.take()
    if not found:
        raise NotInGrammar("lookup without fields")
    return found
