"""Where ES|QL's documents are silent, refuse, or end: each raises, and says which."""

import pytest

from tests.languages.esql import Field, Index, NotInGrammar, Refused, Undocumented, run
from tests.languages.esql.ground import INDICES, NOW_MS

# not read, and mostly no ES|QL at all
OUTSIDE = [
    "",
    "events",
    "FROM events |",
    "FROM events | WHERE depth = 1",
    "FROM events | WHEREmatch",
    "FROM events | WHERE match ORmatch",
    "FROM events | WHERE depth == 1 == true",
    'FROM events | WHERE tool LIKE "a\\*b"',
    'ROW x = "\\u001f"',
    "ROW x = 'a'",
    "ROW x = ()",
    "ROW x = [1, null]",
    'ROW x = ["a", 1]',
    "FROM events | WHERE and == 1",
    "FROM events | STATS",
    "FROM events | SORT tool UP",
    "FROM events | LIMIT -1",
    "FROM events | MV_EXPAND tags, tool",
    "FROM events | LIMIT 1 BY tool",
    "FROM events | INLINESTATS n = COUNT(*)",
    'FROM events | DISSECT tool "%{a}"',
    'FROM events | GROK tool "%{WORD:a}"',
    "FROM events | ENRICH owners",
    'FROM events | WHERE depth::keyword == "1"',
    'FROM events | EVAL x = DATE_FORMAT("yyyy", at)',
    "FROM events | LOOKUP JOIN owners ON a == tool",
    "FROM events METADATA _score",
]

# an error that the product documents
REFUSED = [
    ("FROM nothing", "unknown index"),
    ("FROM events | WHERE nothing == 1", "unknown column"),
    ("FROM events | WHERE unmapped IS NULL", "unknown column"),
    ("FROM events | KEEP tool | WHERE depth == 1", "unknown column"),
    ('FROM events | WHERE _id == "1"', "unknown column"),
    ("FROM events | WHERE raw IS NULL", "unsupported"),
    ("FROM plain, other | WHERE f IS NULL", "unsupported"),
    ('FROM events | WHERE depth == "1"', "compares long with keyword"),
    ("FROM events | WHERE tool == 1", "compares keyword with integer"),
    ('FROM events | WHERE tool IN ("a", 1)', "compares keyword with integer"),
    ("FROM events | WHERE at == tool", "compares date with keyword"),
    ("FROM events | WHERE match > false", "orders booleans"),
    ("FROM events | WHERE tool", "not boolean"),
    ("FROM events | WHERE tool AND match", "not boolean"),
    ('FROM events | WHERE depth LIKE "1*"', "not keyword"),
    ("FROM events | EVAL x = tool + 1", "not integer"),
    ("FROM events | EVAL x = at - at", "not integer"),
    ("FROM events | EVAL x = 1 day + at", "not integer"),
    ("FROM events | EVAL x = CONCAT(tool, depth)", "not keyword"),
    ("FROM events | EVAL x = CASE(match, tool, depth)", "mixes"),
    ("FROM events | EVAL x = MV_APPEND(tool, depth)", "mixes"),
    ("ROW x = MV_APPEND(1, 1.5)", "mixes"),
    ('ROW x = MV_SLICE([1, 2], "1")', "not integer"),
    ('ROW x = MV_ZIP([1, 2], ["a"], "-")', "not keyword"),
    ("FROM events | EVAL x = COALESCE(tool, 1)", "mixes"),
    ("FROM events | EVAL x = LENGTH(tool, tool)", "arguments"),
    ("FROM events | EVAL x = COUNT(tool)", "outside STATS"),
    ("FROM events | STATS x = COUNT(MAX(depth))", "outside STATS"),
    ("FROM events | STATS x = tool", "no aggregate"),
    ("FROM events | STATS x = COUNT(*) + depth", "unknown column"),
    ("FROM events | STATS x = SUM(tool)", "not integer"),
    ("FROM events | SORT tool | INLINE STATS n = COUNT(*)", "without LIMIT"),
    ("FROM events | DROP nothing", "unknown column"),
    ("FROM events | RENAME nothing AS x", "unknown column"),
    ("FROM events | LOOKUP JOIN many ON depth", "lookup mode"),
    ("FROM events | LOOKUP JOIN owners ON owner", "unknown column"),
    ("ROW tool = 1 | LOOKUP JOIN owners ON tool", "integer and keyword"),
    ('FROM events | WHERE ip == "10.0.0.0/8"', "no IP address"),
]

# nothing that a verdict may rest on
SILENT = [
    ("FROM events | WHERE decision == \"ALLOW\"", "normalizer"),
    ("FROM events | EVAL d = decision, x = \"DENY\" | WHERE d == x", "normalizer"),
    ("FROM events | WHERE decision IN (\"allow\", \"DENY\")", "normalizer"),
    ("FROM events | WHERE decision LIKE \"A*\"", "normalizer"),
    ("FROM events | WHERE STARTS_WITH(decision, \"A\")", "normalizer"),
    ("FROM events | WHERE MV_CONTAINS(decision, \"ALLOW\")", "normalizer"),
    ("FROM events | WHERE TO_LOWER(tool) == \"Read\"", "never be"),
    ("FROM events | WHERE TO_UPPER(tool) LIKE \"r*\"", "never be"),
    ("ROW x = TO_LOWER(\"\u017f\") == \"s\"", "of"),
    ("ROW x = TO_LOWER(\"\u00df\") LIKE \"*s*\"", "several ways"),
    ("FROM events | WHERE decision NOT LIKE \"*\"", "takes everything"),
    ("FROM events | WHERE tags RLIKE \".*\"", "takes everything"),
    *((f"ROW x = \"a\" RLIKE \"\"\"{pattern}\"\"\"", "regular expression") for pattern in (
        "^a", "a$", "(?i)a", r"\d", "a@", "a&b", "~a", "<1-2>", "#", "a|", "a**", "a+?", "()", "{",
        "[[:alpha:]]", "[a-]", "*a", "a{,2}",
    )),
    ("ROW x = \"a\" LIKE \"\"\"\\a\"\"\"", "in the pattern"),
    ("FROM events | EVAL x = MV_FIRST(tags)", "order of the values"),
    ("FROM events | EVAL x = MV_SLICE(tags, 1)", "order of the values"),
    ("FROM events | EVAL x = MV_ZIP(MV_APPEND(tags, \"a\"), MV_SORT(tags), \"-\")", "order of the values"),
    ("ROW x = MV_SLICE([1, 2], -1)", "from the end"),
    ("ROW x = MV_ZIP([\"a\"], null, \"-\")", "of null"),
    ("FROM events | EVAL x = MV_CONCAT(TO_LOWER(tags), \",\")", "order of the values"),
    ("FROM events | EVAL x = GREATEST(depth, depth)", "of"),
    ("ROW x = GREATEST(1, null)", "of"),
    ("ROW x = LEAST([1, 2], 3)", "of"),
    ("FROM events | STATS x = SUM(depth)", "several values"),
    ("FROM events | STATS x = MEDIAN(ms)", "approximate"),
    ("FROM events | STATS x = PERCENTILE(ms, 95)", "approximate"),
    ("FROM many | STATS x = COUNT_DISTINCT(n)", "approximate above 3000"),
    ("FROM events | STATS x = COUNT_DISTINCT(tool, 3)", "approximate above 3"),
    ("FROM events | WHERE false | STATS x = COUNT(1)", "of a constant over no rows"),
    ("ROW a = [9223372036854775807, 1] | MV_EXPAND a | STATS x = SUM(a)", "overflows"),
    ("ROW a = [0.1, 0.2, 0.3] | MV_EXPAND a | STATS x = SUM(a)", "last digits"),
    ("FROM events | STATS x = COUNT(*) + MV_COUNT(tags) BY tags", "134706"),
    ("FROM events | INLINE STATS x = COUNT(*) BY tags", "150737"),
    ("FROM events | INLINE STATS x = COUNT(*) BY n = null", "139887"),
    ("ROW x = 9223372036854775807 == 1.0", "as a double"),
    ("ROW x = 9223372036854775808", "type of"),
    ("ROW x = SPLIT(\"a;;b\", \";\")", "of 'a;;b'"),
    ("ROW x = SUBSTRING(\"abc\", 0)", "from 0"),
    ("ROW x = REPLACE(\"abc\", \"[a-b]\", \"x\")", "replacing"),
    ("ROW x = REPLACE(\"abc\", \"a\", \"$0\")", "replacing"),
    ("ROW x = ROUND(0.5)", "of 0.5"),
    ("ROW x = ROUND(2.675, 2)", "of 2.675"),
    ("ROW x = TO_LONG(1.5)", "cut or rounded"),
    ("ROW x = TO_DOUBLE(\"NaN\")", "'NaN'"),
    ("ROW x = TO_DOUBLE(\" 1\")", "' 1'"),
    ("ROW x = TO_STRING(1.0E10)", "as text"),
    ("ROW x = TO_DATETIME(\"2026-01-01\")", "'2026-01-01'"),
    ("ROW x = NOW() > \"yesterday\"", "as a date"),
    ("ROW x = DATE_DIFF(\"year\", NOW(), NOW())", "in 'year'"),
    ("ROW x = DATE_TRUNC(240 hours, NOW())", "where intervals begin"),
    ("ROW x = TO_DATETIME(\"2026-01-31T00:00:00.000Z\") + 1 month", "day 31 of month 2"),
    ("ROW x = DATE_TRUNC(2 days, NOW())", "several calendar units"),
    ("ROW x = CIDR_MATCH(\"10.0.0.1\", \"10.0.0.1/8\")", "the block"),
    ("FROM events | KEEP nothing*", "matches no column"),
    ("FROM events, owners", "only some indices map"),
    ("FROM plain, normal", "normalizer in some"),
    ("FROM plain | LOOKUP JOIN roles ON f", "normalizer"),
]  # fmt: skip


@pytest.mark.parametrize("query", OUTSIDE)
def test_what_the_grammar_leaves_out_is_not_read(query: str) -> None:
    with pytest.raises(NotInGrammar):
        run(query, INDICES, now_ms=NOW_MS)


@pytest.mark.parametrize(("query", "why"), REFUSED)
def test_an_error_of_the_product_is_an_error_here(query: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        run(query, INDICES, now_ms=NOW_MS)


@pytest.mark.parametrize(("query", "why"), SILENT)
def test_silence_is_never_read_as_an_answer(query: str, why: str) -> None:
    with pytest.raises(Undocumented, match=why):
        run(query, INDICES, now_ms=NOW_MS)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        (Field("keyword"), 1, Undocumented),
        (Field("keyword"), "é" * 16_384, Refused),
        (Field("keyword", ignore_above=3), "four", Undocumented),
        (Field("long"), "1", Undocumented),
        (Field("long"), True, Undocumented),
        (Field("long"), 2**63, Refused),
        (Field("boolean"), "", Undocumented),
        (Field("date"), "yesterday", Undocumented),
        (Field("ip"), "localhost", Refused),
        (Field("ip"), ["::1", "::1"], Undocumented),
        (Field("keyword", normalizer="lowercase"), "İ", Undocumented),
    ],
)
def test_a_value_that_its_mapping_coerces_or_rejects_is_not_read(
    field: Field, value: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        run("FROM i", {"i": Index({"f": field}, [{"f": value}])}, now_ms=0)
