"""The dictionary of columns, read from `sql/schema.sql`: a column a line, its kind and meaning behind."""

import re
from pathlib import Path

from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Column, Kind
from mcpsoar.kit import yamltext
from mcpsoar.pack.locate import folder, own

_COLUMN = re.compile(
    r"^  (?P<name>[a-z][a-z0-9_]*)\s+[A-Z ]+,?\s+-- (?P<kind>[a-z ]+)(?P<values>\(.*?\))?: (?P<rest>.+)$"
)

_WORSE = {("true",): True, ("false",): False}
_VALUE = re.compile(r"[a-z][a-z0-9_]*")
NEEDED = ("event_time", "event_id", "ingest_time")  # identity, and which of two with one identity counts
TAKEN = ("event_ms", "event_key", "place")


def load(root: Path) -> tuple[Column, ...]:
    """All columns in their order. Raises BadContent at the line that cannot be one."""
    path = folder(root, "sql") / "schema.sql"
    if not path.is_file():
        path = own() / "sql" / "schema.sql"
    found: dict[str, Column] = {}
    for number, line in enumerate(yamltext.text(path).splitlines(), 1):
        if line.startswith("  ") and line.strip():
            column = _column(line, f"{path}:{number}")
            if column.name in found:
                raise BadContent(f"the column {column.name} stands twice", where=f"{path}:{number}")
            found[column.name] = column
    lacking = [name for name in NEEDED if name not in found]
    if lacking:
        raise BadContent(
            f"has no column {lacking[0]}, without which no event has an identity", where=f"{path}:1"
        )
    return tuple(found.values())


def _column(text: str, where: str) -> Column:
    found = _COLUMN.match(text)
    if not found:
        raise BadContent("is no column: NAME TYPE, -- kind: meaning", where=where)
    kind = found["kind"].removeprefix("derived ")
    if kind not in {known.value for known in Kind}:
        raise BadContent(f"no kind of column is called {kind!r}", where=where)
    meaning, _, derived = found["rest"].partition(" := ")
    if found["kind"].startswith("derived ") != bool(derived):
        raise BadContent("a derived column, and no other, ends in := and its expression", where=where)
    if found["name"] in TAKEN:
        raise BadContent(f"{found['name']} is a name of the engine's own", where=where)
    values = tuple(found["values"].strip("()").split("|")) if found["values"] else ()
    worse = _WORSE.get(values) if kind == Kind.BOOL.value and derived else None
    if worse is not None:
        values = ()
    if (kind == Kind.ENUM.value) != bool(values) or not all(_VALUE.fullmatch(value) for value in values):
        said = "an enumeration, and no other, has values in lower case: enum(read|write)"
        raise BadContent(said, where=where)
    return Column(found["name"], Kind(kind), meaning, values, derived, worse, where)
