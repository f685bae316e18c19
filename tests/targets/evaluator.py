"""A second opinion on Sigma: reads a detection as plain Python, without pySigma, sqlglot or SQL.

Events are as the engine's table holds them: enumerations in lower case, blanks None. Text folds ASCII alone.
"""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import yaml
from sqlglot import exp

from mcpsoar.core.content import RuleText
from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.bridge import dialect

COLUMNS = (
    Column("tool_name", Kind.TEXT, "a text"),
    Column("server_name", Kind.TEXT, "another"),
    Column("action_class", Kind.ENUM, "an enumeration", ("read", "write", "destructive")),
    Column("audience_match", Kind.BOOL, "a boolean"),
    Column("chain_depth", Kind.INTEGER, "an integer"),
    Column("latency_ms", Kind.NUMBER, "a number"),
    Column("actor_tags", Kind.TEXTS, "a list"),
    Column("event_time", Kind.TIME, "a time"),
)
SCALARS = tuple(column for column in COLUMNS if column.kind is not Kind.TEXTS)
_TYPES = {Kind.BOOL: "BOOLEAN", Kind.INTEGER: "INTEGER", Kind.NUMBER: "DOUBLE", Kind.TIME: "TIMESTAMP"}
_ORDER = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}
Event = Mapping[str, Any]


def rule(detection: Mapping[str, Any], path: Path = Path("pack/sigma_rules/tool/made_up.yml")) -> RuleText:
    """A rule with this detection and nothing else to say."""
    document = {
        "title": "Made Up",
        "id": "7f1a4f0c-1111-4222-8333-944445555666",
        "status": "test",
        "level": "low",
        "logsource": {"product": "mcp", "service": "audit"},
        "detection": dict(detection),
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return RuleText(path.stem, document["id"], "Made Up", "low", "test", "none", path, text, ())  # type: ignore[arg-type]  # the id is a text


def on_duckdb(tree: exp.Expression, events: Sequence[Event]) -> list[bool]:
    """The predicate's value for every event, on DuckDB; fails the test where it is NULL."""
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE mcp_audit ({_columns()})")
        if events:
            database.executemany(f"INSERT INTO mcp_audit VALUES ({_marks()})", _rows(events))
        found = database.execute(_statement(tree, "duckdb")).fetchall()
    return [_certain(value) for (value,) in found]


def on_sqlite(tree: exp.Expression, events: Sequence[Event]) -> list[bool]:
    """The same on SQLite."""
    database = sqlite3.connect(":memory:")
    try:
        database.execute(f"CREATE TABLE mcp_audit ({_columns()})")
        database.executemany(f"INSERT INTO mcp_audit VALUES ({_marks()})", _rows(events))
        found = database.execute(_statement(tree, "sqlite")).fetchall()
    finally:
        database.close()
    return [_certain(value) for (value,) in found]


def holds(detection: Mapping[str, Any], condition: Any, event: Event) -> bool:
    """Whether an event matches.

    `condition` is a name, ("not", tree), ("and" or "or", [tree, …]) or ("of", all of them?, glob).
    """
    if isinstance(condition, str):
        return _selection(detection[condition], event)
    if condition[0] == "not":
        return not holds(detection, condition[1], event)
    if condition[0] == "of":
        _, every, glob = condition
        names = [name for name in detection if re.fullmatch(glob.replace("*", ".*"), name)]
        return (all if every else any)(_selection(detection[name], event) for name in names)
    parts = [holds(detection, part, event) for part in condition[1]]
    return all(parts) if condition[0] == "and" else any(parts)


def spelled(condition: Any) -> str:
    """The same tree in Sigma's words."""
    if isinstance(condition, str):
        return condition
    if condition[0] == "not":
        return f"not ({spelled(condition[1])})"
    if condition[0] == "of":
        return f"{'all' if condition[1] else '1'} of {condition[2]}"
    return f" {condition[0]} ".join(f"({spelled(part)})" for part in condition[1])


def _selection(selection: Any, event: Event) -> bool:
    if isinstance(selection, list):
        return any(_selection(one, event) for one in selection)
    return all(_item(key, value, event) for key, value in selection.items())


def _item(key: str, value: Any, event: Event) -> bool:
    field, *modifiers = key.split("|")
    values = value if isinstance(value, list) else [value]
    answers = [_one(event.get(field), one, modifiers) for one in values]
    answer = all(answers) if "all" in modifiers else any(answers)
    return not answer if "neq" in modifiers else answer


def _one(got: Any, wanted: Any, modifiers: Sequence[str]) -> bool:
    if "exists" in modifiers:
        return (got is not None) is wanted
    plain = isinstance(wanted, str) and not wanted.strip() and not set(modifiers) - {"cased", "all", "neq"}
    if wanted is None or plain:
        return got is None
    if got is None:
        return False
    for name in modifiers:
        if name in _ORDER:
            return bool(_ORDER[name](got, wanted))
    if isinstance(wanted, bool) or not isinstance(wanted, str):
        return bool(got == wanted) if not isinstance(got, str) else got.lower() == str(wanted).lower()
    if isinstance(got, bool):
        return wanted.lower() == str(got).lower()
    if not isinstance(got, str):
        return wanted.lstrip("-").isdigit() and int(wanted) == got
    return re.fullmatch(_regex(wanted, modifiers), got, re.DOTALL | _flag(modifiers)) is not None


def _flag(modifiers: Sequence[str]) -> re.RegexFlag:
    return re.RegexFlag(0) if "cased" in modifiers else re.IGNORECASE


def _regex(wanted: str, modifiers: Sequence[str]) -> str:
    pattern = ""
    index = 0
    while index < len(wanted):
        char = wanted[index]
        if char == "\\" and wanted[index + 1 : index + 2] in ("*", "?", "\\"):
            index += 1
            pattern += re.escape(wanted[index])
        else:
            pattern += {"*": ".*", "?": "."}.get(char, re.escape(char))
        index += 1
    before = ".*" if {"contains", "endswith"} & set(modifiers) else ""
    after = ".*" if {"contains", "startswith"} & set(modifiers) else ""
    return before + pattern + after


def _statement(tree: exp.Expression, name: str) -> str:
    return dialect.text(exp.select(tree.as_("hit")).from_("mcp_audit"), name)


def _columns() -> str:
    return ", ".join(f'"{column.name}" {_TYPES.get(column.kind, "TEXT")}' for column in SCALARS)


def _marks() -> str:
    return ", ".join("?" for _ in SCALARS)


def _rows(events: Sequence[Event]) -> list[tuple[Any, ...]]:
    return [tuple(event.get(column.name) for column in SCALARS) for event in events]


def _certain(value: Any) -> bool:
    assert value is not None, "a predicate gave NULL"
    return bool(value)
