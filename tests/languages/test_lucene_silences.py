"""Where Elastic's pages are silent, refuse, or end: each raises, and says which."""

import pytest

from tests.languages.lucene import Field, Index, NotInGrammar, Refused, Undocumented, found
from tests.languages.lucene.ground import INDEX

OUTSIDE = [
    "",
    "tool:",
    "tool:read AND",
    "(tool:read",
    "read",
    '"read"',
    "/read/",
    "+tool:read",
    "tool:re*",
    "tool:re?d",
    r"tool:re\ ad",
    r"tool:\read",
    "tool:-read",
    "tool:AND",
    "tool:TO",
    "tool:read~1",
    "tool:read^2",
    'tool:"a b"~2',
    "depth:>=3",
    "depth:-3",
    "tool:(read AND Read)",
    "tool:(read)",
    'depth:["1" TO *]',
]
REFUSED = [
    ("nothing:x", "no field"),
    ("*:*", "no field"),
    ("_exists_:nothing", "mapping"),
    ("match:yes", "boolean"),
    ('ip:"10.0.0.1/8"', "no network"),
    ('ip:"x"', "no network"),
    ("depth:9223372036854775808", "out of range"),
    (f"tool:/{'a' * 1001}/", "max_regex_length"),
    ("tool:/[b-a]/", "b-a"),
    ("tool:/a{3,1}/", "min repeat"),
]
OPEN = [
    # the boolean operators "do not honor the usual precedence rules"
    ("tool:read AND tags:ops OR depth:1", "precedence"),
    ("tool:read OR tags:ops AND depth:1", "precedence"),
    ("tool:read tags:ops", "default_operator"),
    ("NOT tool:read", "nothing beside it"),
    ("tool:read AND (NOT tags:ops)", "nothing beside it"),
    ("NOT tool:read AND NOT tags:ops", "NOT alone"),
    ("tool:read OR NOT tags:ops", "beside OR"),
    ("NOT NOT tool:read AND depth:1", "precedence"),
    # what stands in quotes
    ('tool:"a<b"', "phrase"),
    ('tool:"a*"', "phrase"),
    ('tool:"a\\"b"', "phrase"),
    ('tool:" "', "phrase"),
    ('depth:"1"', "type long"),
    # what a type does with another's words
    ("ip:x", "type ip"),
    ("@timestamp:x", "type date"),
    ("depth:x", "type long"),
    ("depth:/1/", "type long"),
    ("depth:1.5", "fraction"),
    ("depth:[1.5 TO *]", "fraction"),
    ("depth:[* TO *]", "without bounds"),
    ("tool:[a TO b]", "type keyword"),
    ("decision:/A.*/", "normalizer"),
    # regular expressions
    ("tool:/^read/", r"\^ as itself"),
    ("tool:/read$/", r"\$ as itself"),
    ("tool:/(?:read)/", r"\("),
    ("tool:/(?i)read/", r"\("),
    (r"tool:/\d/", r"\\d"),
    (r"tool:/\n/", r"\\n"),
    ("tool:/a@/", "@ as itself"),
    ("tool:/a&b/", "& as itself"),
    ("tool:/a<1-5>/", "< as itself"),
    ("tool:/~a/", "~ as itself"),
    ("tool:/#/", "# as itself"),
    ('tool:/"a"/', '" as itself'),
    ("tool:/a|/", "an end"),
    ("tool:/|a/", "empty alternative"),
    ("tool:/(a||b)/", "empty alternative"),
    ("tool:/()/", "empty alternative"),
    ("tool:/(a/", "an end"),
    ("tool:/a)/", r"\)"),
    ("tool:/*a/", "a repeat"),
    ("tool:/a*?/", "a repeat"),
    ("tool:/a{,3}/", "brace"),
    ("tool:/[]a]/", "empty set"),
    ("tool:/[a/", "in a set"),
    ("tool:/[a-]/", "in a set"),
    ('tool:/["]/', "in a set"),
    # luqum and Lucene part ways where a backslash stands before the last slash
    (r"tool:/a\\/ AND tags:/b/", "Lucene"),
]


@pytest.mark.parametrize("query", OUTSIDE)
def test_what_is_not_emitted_is_not_read(query: str) -> None:
    with pytest.raises(NotInGrammar):
        found(query, INDEX)


@pytest.mark.parametrize(("query", "why"), REFUSED)
def test_an_error_that_is_documented_is_one(query: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        found(query, INDEX)


@pytest.mark.parametrize(("query", "why"), OPEN)
def test_what_no_page_says_is_not_guessed(query: str, why: str) -> None:
    with pytest.raises(Undocumented, match=why):
        found(query, INDEX)


@pytest.mark.parametrize(
    ("field", "value", "query"),
    [
        (Field("keyword"), 7, "f:x"),
        (Field("long"), "7", "f:7"),
        (Field("long"), True, "f:7"),
        (Field("boolean"), "true", "f:true"),
        (Field("keyword", normalizer="lowercase"), "İ", "f:x"),
        (Field("double"), -0.0, "f:0"),
        (Field("double"), -0.0, "f:{0 TO *}"),
    ],
    ids=str,
)
def test_a_value_that_no_page_places_is_not_guessed(field: Field, value: object, query: str) -> None:
    with pytest.raises(Undocumented):
        found(query, Index({"f": field}, [{"f": value}]))
