"""ES|QL's operators: precedence, three-valued logic, patterns, arithmetic."""

from typing import Any

import pytest

from tests.languages.esql import run
from tests.languages.esql.ground import INDICES, NOW_MS

MULTI = "single-value function encountered multi-value"

# an expression and its one value
VALUES: list[tuple[str, Any]] = [
    # page "Working with NULL values": both tables
    *((f"{one} AND {other}", value) for one, other, value in (
        ("true", "null", None), ("null", "true", None), ("false", "null", False), ("null", "false", False),
        ("null", "null", None), ("true", "true", True), ("true", "false", False),
    )),
    *((f"{one} OR {other}", value) for one, other, value in (
        ("true", "null", True), ("null", "true", True), ("false", "null", None), ("null", "false", None),
        ("null", "null", None), ("false", "false", False), ("false", "true", True),
    )),
    ("NOT null", None),
    ("NOT false", True),
    # precedence: NOT over AND over OR; a comparison under NOT; signs, then * / %, then + -
    ("NOT 1 == 2 AND false", False),
    ("true OR true AND false", True),
    ("NOT false OR true", True),
    ("1 + 2 * 3 == 7", True),
    ("-2 * -3 + 1", 7),
    ("--2 * -+-+-1 * -3", 6),
    ("-(1 + 2)", -3),
    ("10 - 4 - 3", 3),
    ("2 * 7 % 4", 2),
    # comparisons
    ("null == null", None),
    ("1 != null", None),
    ("[1, 2] == 1", None),
    ("NOT [1, 2] == 1", None),
    ("1 == 1.0", True),
    ("9007199254740993 > 1", True),
    ('"a" == "A"', False),
    ('"Z" < "a"', True),
    ('NOW() == "2026-01-01"', True),
    ('NOW() - 1 hour < "2025-12-31T23:00:00.001Z"', True),
    ("NOW() + 1 month - 2 days == \"2026-01-30\"", True),
    # IN: the decision list of the product's own comment
    *((f"{value} IN ({', '.join(items)})", result) for value, items, result in (
        ('"x"', ('"a"', '"b"'), False), ('"x"', ('"a"', '"x"'), True), ("null", ('"a"',), None),
        ('"x"', ('"a"', "null"), None), ('"x"', ('"x"', "null"), True), ('["x", "y"]', ('"x"',), None),
        ('"x"', ('"x"', '["a", "b"]'), True), ('"x"', ('"a"', '["x", "b"]'), False),
        ('"x"', ('["x", "b"]',), None), ("1", ("2 - 1",), True), ("2", ("1", "2.0"), True),
    )),
    ('"x" NOT IN ("a", null)', None),
    ('NOT "x" IN ("a")', True),
    # IS NULL is never null, and several values are no null
    ("null IS NULL", True),
    ("[1, 2] IS NOT NULL", True),
    ("NOT 1 IS NULL", True),
    # arithmetic: whole numbers stay whole and round to zero, what does not fit is null
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("-7 % 3", -1),
    ("7 / 2.0", 3.5),
    ("1 / 0", None),
    ("1.0 / 0", None),
    ("1 % 0", None),
    ("2147483647 + 1", None),
    ("2147483648 + 1", 2_147_483_649),
    ("9223372036854775807 + 1", None),
    ("1e308 * 10", None),
    ("null + 1", None),
    ("[1, 2] + 1", None),
    # LIKE and RLIKE: the whole text, in its case
    *((f'"{text}" LIKE "{pattern}"', matches) for text, pattern, matches in (
        ("read", "re*", True), ("read", "?ead", True), ("read", "ead", False), ("Read", "re*", False),
        ("a*b", "a\\\\*b", True), ("axb", "a\\\\*b", False), ("a\\nb", "a*b", True), ("", "", True),
        ("x", "", False), ("a\\\\b", "a\\\\\\\\b", True), ("a.b", "a?b", True), ("axb", "a.b", False),
        ("é", "?", True),
    )),
    ('"a*b" LIKE """a\\*b"""', True),
    ('"foo" LIKE ("x*", "fo?")', True),
    ('"foo" NOT LIKE ("x*", "y")', True),
    *((f'"{text}" RLIKE """{pattern}"""', matches) for text, pattern, matches in (
        ("read", "re.*", True), ("read", "ead", False), ("read", "r(ea|x)d+", True), ("a.b", r"a\.b", True),
        ("axb", r"a\.b", False), ("aab", "a{2}b", True), ("ab", "[^b-z][b]", True), ("a-b", r"a[\-_]b", True),
        ("Read", "[a-z]+", False), ("a\\nb", "a.b", True), ("a/b", "a/b", True),
    )),
    ('"b" RLIKE ("a.*", "b")', True),
    ("null IN (null)", None),
]  # fmt: skip

# a condition and the tools whose events it keeps
KEEPS: list[tuple[str, set[str]]] = [
    ('decision != "allow"', {"Read"}),
    ('NOT decision == "allow"', {"Read"}),
    ('decision != "allow" OR decision IS NULL', {"Read", "write", "a*b"}),
    ('COALESCE(decision, "") != "allow"', {"Read", "write", "a*b"}),
    ('tags == "ops"', {"Read"}),
    ('NOT tags == "ops"', set()),
    ('tags LIKE "o*"', {"Read"}),
    ('MV_CONTAINS(tags, "ops")', {"read", "Read"}),
    ('NOT MV_CONTAINS(tags, "ops")', {"write", "a*b"}),
    ("depth > 2", {"Read", "write"}),
    ("NOT depth > 2", {"read"}),
    ('tool == "read"', {"read"}),
    ('TO_LOWER(tool) == "read"', {"read", "Read"}),
    ('TO_LOWER(tool) LIKE "re*"', {"read", "Read"}),
    ('tool IN ("read", "write")', {"read", "write"}),
    ('tool LIKE "a\\\\*b"', {"a*b"}),
    ("match == false", {"Read"}),
    ('at >= "2026-01-01"', {"Read"}),
    ("at < NOW()", {"read"}),
    ('CIDR_MATCH(ip, "10.0.0.0/8", "2001:db8::/32")', {"read"}),
    ('ip == "192.0.2.7"', {"Read"}),
    ('user.name == "ada" OR `user.name` == "bob"', {"read", "Read"}),
    ('decision IN ("allow", "deny")', {"read", "Read"}),
]


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_an_expression_has_its_documented_value(expression: str, value: Any) -> None:
    (row,) = run(f"ROW x = {expression}", {}, now_ms=NOW_MS)
    assert row == {"x": value}
    assert type(row["x"]) is type(value)


@pytest.mark.parametrize(("condition", "tools"), KEEPS)
def test_a_condition_keeps_what_it_is_true_of(condition: str, tools: set[str]) -> None:
    read = run(f"FROM events | WHERE {condition} | KEEP tool", INDICES, now_ms=NOW_MS)
    assert {row["tool"] for row in read} == tools


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("[1, 2] == 1", MULTI),
        ("[1, 2] IN (1)", MULTI),
        ("1 IN ([1, 2], 3)", MULTI),
        ('["a", "b"] LIKE "a"', MULTI),
        ("[1, 2] + 1", MULTI),
        ('CASE([true, false], "a", "b")', MULTI),
        ("1 / 0", "/ by zero"),
        ("2147483647 + 1", "integer overflow"),
        ("9223372036854775807 * 2", "long overflow"),
        ('TO_LONG("x")', "For input string: x"),
    ],
)
def test_what_became_null_is_warned_of(expression: str, reason: str) -> None:
    (warning,) = run(f"ROW x = {expression}", {}, now_ms=NOW_MS).warnings
    assert warning.startswith(f"evaluation of [{expression}] failed")
    assert warning.endswith(reason)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("1", "integer"),
        ("2147483648", "long"),
        ("-9223372036854775808", "long"),
        (".5", "double"),
        ("4E5", "double"),
        ("1 + 2147483648", "long"),
        ("1 + 1.0", "double"),
        ("7 / 2", "integer"),
        ("null", "null"),
        ("NOW()", "date"),
        ("CASE(true, 1, 2.5)", "double"),
        ("[1, 2]", "integer"),
    ],
)
def test_a_column_has_its_documented_type(expression: str, kind: str) -> None:
    assert run(f"ROW x = {expression}", {}, now_ms=NOW_MS).columns == {"x": kind}
