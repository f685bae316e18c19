"""The front matter of a SQL file: the block of -- comments at its top, as YAML, and the SQL below it."""

from dataclasses import dataclass
from pathlib import Path

from mcpsoar.kit import yamltext


@dataclass(frozen=True, slots=True)
class Front:
    """`located` is the front matter, whatever it holds; `sql_line` is where the SQL starts."""

    located: yamltext.Located
    sql: str
    sql_line: int


def read(path: Path) -> Front:
    """Take one file apart. Raises BadContent with file:line for what is no UTF-8 or no YAML."""
    lines = yamltext.text(path).splitlines()
    head = next((index for index, line in enumerate(lines) if not line.startswith("--")), len(lines))
    matter = "\n".join(line[2:].removeprefix(" ") for line in lines[:head])
    return Front(yamltext.parse(matter, path), "\n".join(lines[head:]), head + 1)
