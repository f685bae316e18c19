"""Case files and the dictionary of columns."""

from pathlib import Path

import pytest

from mcpsoar.core.content import Case
from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Kind
from mcpsoar.pack import cases, schema
from mcpsoar.pack.locate import own

EVERY = (
    '{"cases":[{"name":"n","kind":"benign","events":[{"times":2,"every_ms":%s,"event":{"event_time":"%s"}}]}'
    "]}"
)


def load(tmp_path: Path, text: str) -> tuple[Case, ...]:
    path = tmp_path / "x.cases.json"
    path.write_text(text)
    return cases.load(path)


def test_an_event_can_stand_for_many(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        '{"cases":[{"name":"n","kind":"benign","events":[{"times":3,"every_ms":500,'
        '"event":{"event_time":"2026-03-01T12:00:00+01:00","event_id":"e"}}]}]}',
    )[0]
    assert [event["event_id"] for event in found.events] == ["e-0", "e-1", "e-2"]
    assert found.events[2]["event_time"] == "2026-03-01T11:00:01.000+00:00"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ('{"cases":[],"cases":[]}', "twice"),
        ("[]", "and nothing else"),
        ('{"cases":[{"name":"n"}]}', "a case has"),
        ('{"cases":[{"name":"n","kind":"maybe","events":[]}]}', "kind is one of"),
        ('{"cases":[{"name":"n","kind":"benign","events":[1]}]}', "an event is an object"),
        ('{"cases":[{"name":"n","kind":["benign"],"events":[]}]}', "kind is one of"),
        ('{"cases":[{"name":"n","kind":"benign","events":[{"times":-1,"event":{}}]}]}', "times"),
        ('{"cases":[{"name":"n","kind":"benign","events":[{"times":2,"every_ms":1,"event":{}}]}]}', "a zone"),
        (EVERY % ("1" + "0" * 30, "2026-03-01T12:00:00Z"), "the calendar"),
        (EVERY % ("1", "0001-01-01T00:00:00+14:00"), "the calendar"),
    ],
)
def test_a_mistake_in_a_case_file_names_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadContent, match=said) as caught:
        load(tmp_path, text)
    assert "x.cases.json" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"cases": [\n  {"name": "a",\n   "kind": }]}', 3),
        ('{"cases": [\n  {"name": "a",\n   "kind": "benign", "kind": "benign", "events": []}]}', 3),
        ('{"cases": [\n  {"name": NaN}]}', 1),
        ("[" * 5000, 1),
        ('\n{"case": []}', 1),
        ('{"cases": [\n 1,\n 2]}', 2),
    ],
)
def test_a_case_file_that_cannot_be_read_names_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(BadContent) as caught:
        load(tmp_path, text)
    assert caught.value.where == f"{tmp_path}/x.cases.json:{line}"


def test_every_case_knows_its_own_line(tmp_path: Path) -> None:
    one = '{"name": "caf\\u00e9 \\"quoted\\"", "kind": "benign", "events": []}'
    found = load(tmp_path, f'{{"cases": [\n{one},\n\n{one} ,{one}\n]}}\n')
    assert [case.where.rpartition(":")[2] for case in found] == ["2", "4", "4"]


def test_no_file_holds_no_cases(tmp_path: Path) -> None:
    assert cases.load(tmp_path / "none.json") == ()


def test_the_dictionary_says_what_each_column_is() -> None:
    columns = {column.name: column for column in schema.load(own())}
    assert columns["event_time"].kind is Kind.TIME
    assert columns["decision"].values == ("allow", "deny", "require_approval", "error", "none")
    assert columns["token_aud"].kind is Kind.TEXTS
    assert columns["scope_match"].derived == "list_has_all(token_scopes, required_scopes)"
    assert columns["approval_id"].derived == ""
    assert all(column.meaning for column in columns.values())


def test_a_content_file_that_is_not_utf8_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "sql" / "schema.sql"
    path.parent.mkdir()
    path.write_bytes(b"CREATE TABLE mcp_audit (\n  name TEXT -- text: caf\xe9\n);\n")
    (tmp_path / "x.cases.json").write_bytes(b'{"cases": [\n\xff]}')
    for load_it in (lambda: schema.load(tmp_path), lambda: cases.load(tmp_path / "x.cases.json")):
        with pytest.raises(BadContent, match=r":2: is not UTF-8"):
            load_it()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  name TEXT, -- colour: of the sky", "no kind of column"),
        ("  name TEXT", "is no column"),
        ("  name BOOLEAN, -- derived bool: nothing follows", "and no other"),
        ("  name BOOLEAN, -- bool: it follows := TRUE", "and no other"),
        ("  name TEXT, -- enum: of nothing", "an enumeration, and no other"),
        ("  name TEXT, -- enum(): of nothing", "an enumeration, and no other"),
        ("  name TEXT, -- enum(hu'man|x): of somebody", "an enumeration, and no other"),
        ("  name TEXT, -- enum(HUMAN): never seen after folding", "an enumeration, and no other"),
        ("  name TEXT, -- text(a|b): no enumeration", "an enumeration, and no other"),
        ("  place TEXT, -- text: where", "the engine's own"),
    ],
)
def test_a_line_of_the_dictionary_that_says_nothing_is_told(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "schema.sql").write_text(f"CREATE TABLE mcp_audit (\n{line}\n);\n")
    with pytest.raises(BadContent, match=said) as caught:
        schema.load(tmp_path)
    assert "schema.sql:2" in str(caught.value)


def test_a_dictionary_with_a_column_twice_or_without_identity_is_told(tmp_path: Path) -> None:
    path = tmp_path / "sql" / "schema.sql"
    path.parent.mkdir()
    text = (own() / "sql" / "schema.sql").read_text()
    line = next(line for line in text.splitlines() if line.startswith("  event_id "))
    number = text.splitlines().index(line) + 1
    path.write_text(text.replace(line, f"{line}\n{line}"))
    with pytest.raises(BadContent) as caught:
        schema.load(tmp_path)
    assert str(caught.value) == f"{path}:{number + 1}: the column event_id stands twice"
    path.write_text(text.replace(f"{line}\n", ""))
    with pytest.raises(BadContent, match=r"schema\.sql:1: has no column event_id"):
        schema.load(tmp_path)
