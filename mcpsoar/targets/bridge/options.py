"""The options of `sigma convert -t mcpsoar-sql`, `-O name=value`: read once, refused in one line.

`table`; `raw`, the column that keywords are searched in; `columns`, those the table has, comma-separated: a
field without one is then absent, where otherwise it is taken for a column; `dialect`; `time`, the column of
integer epoch milliseconds that correlations slide over: `event_ms`, or what event_time of `mcp_audit` says.
A rule on the audit log asks typed columns under any name of a table, unless `raw` or `columns` say that it
is one of text.
"""

from dataclasses import dataclass

from mcpsoar.core.errors import Unsupported, Usage
from mcpsoar.targets.bridge import table as tables
from mcpsoar.targets.bridge.dialect import DIALECTS


class WrongOption(Usage, TypeError):
    """sigma-cli 3.1.0 asks a backend for a TypeError, and shows what stands between its first two quotes."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; None where nothing was."""

    table: str | None
    raw: str | None
    columns: tuple[str, ...] | None
    dialect: str | None
    time: str | None


def read(*, table: object, raw: object, columns: object, dialect: object, time: object) -> Options:
    """Each option as a text that says something. Raises WrongOption."""
    return Options(
        table=_named(_text("table", table)),
        raw=_text("raw", raw),
        columns=_listed(_text("columns", columns)),
        dialect=_known(_text("dialect", dialect)),
        time=_text("time", time),
    )


def _text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, list):
        raise _wrong(name, "…", "given more than once")
    text = str(value).strip()  # sigma-cli makes numbers of digits
    if not text:
        raise _wrong(name, "", "names nothing")
    return text


def _named(name: str | None) -> str | None:
    try:
        if name is not None:
            tables.named(name)
    except Unsupported as error:
        raise _wrong("table", name or "", error.message) from None
    return name


def _listed(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(one.strip() for one in text.split(","))
    if not all(names):
        raise _wrong("columns", text, "one of them has no name")
    return names


def _known(dialect: str | None) -> str | None:
    if dialect is not None and dialect not in DIALECTS:
        raise _wrong("dialect", dialect, f"there are {', '.join(DIALECTS)}")
    return dialect


def _wrong(name: str, value: str, why: str) -> WrongOption:
    shown = f"{name}={value} ({why})".replace("'", "")
    return WrongOption(f"option '{shown}' cannot be used")
