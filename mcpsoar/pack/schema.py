"""The dictionary of columns, read from `sql/schema.sql`: a column a line, its kind and meaning behind."""

import re
from pathlib import Path

from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Column, Kind
from mcpsoar.kit import yamltext
from mcpsoar.pack.locate import folder, own

_COLUMN = re.compile(
    r"^  (?P<name>[a-z][a-z0-9_]*)\s+[A-Z]+,?\s+-- (?P<kind>[a-z ]+)(?P<values>\(.*?\))?: (?P<rest>.+)$"
)


def load(root: Path) -> tuple[Column, ...]:
    """All columns in their order. Raises BadContent at the line that cannot be read."""
    path = folder(root, "sql") / "schema.sql"
    if not path.is_file():
        path = own() / "sql" / "schema.sql"
    return tuple(
        _column(line, f"{path}:{number}")
        for number, line in enumerate(yamltext.text(path).splitlines(), 1)
        if line.startswith("  ") and line.strip()
    )


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
    values = tuple(found["values"].strip("()").split("|")) if found["values"] else ()
    return Column(found["name"], Kind(kind), meaning, values, derived)
