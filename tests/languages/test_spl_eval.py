"""eval and where of the SPL oracle: a table for each function and operator."""

import math
from typing import Any

import pytest

from tests.languages.spl import NotInGrammar, Undocumented, run

NOW_MS = 1_767_229_261_500  # 2026-01-01T01:01:01.5Z
FIELDS = {
    "n": "12",
    "zero": "0",
    "word": "Alice",
    "empty": "",
    "path": "a.b.c",
    "tags": ["b", "a", "b"],
    "ip": "10.9.165.8",
    "true_text": "true",
    "dotted.name": "d",
}


def value(expression: str, **fields: Any) -> Any:
    event = {"_time": 1000.25, "_indextime": 0, **FIELDS, **fields}
    (row,) = run(f"* | eval v={expression}", [event], now_ms=NOW_MS)
    return row.get("v")


def holds(condition: str, **fields: Any) -> bool:
    event = {"_time": 1000.25, "_indextime": 0, **FIELDS, **fields}
    return bool(run(f"* | where {condition}", [event], now_ms=NOW_MS))


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("1+2*3", 7),
        ("(1+2)*3", 9),
        ("7-2-1", 4),
        ("8/4/2", 1),
        ("7%4", 3),
        ("n+1", 13),
        ("n/zero", None),  # "Division by zero results in a null field"
        ("n/missing", None),
        ("exact(1/4)", 0.25),
        ("exact(_time-1000)", 0.25),
        ('word." ".n', "Alice 12"),
        ('word.missing."x"', None),
        ('"a"+"b"', "ab"),
        ("(n+1).word", "13Alice"),
        ("'dotted.name'", "d"),
        ("-3", -3),
        ('if(n>9,"big","small")', "big"),
        ('if(missing="x","y","n")', "n"),
        ('case(n<5,"low",n<20,"mid",true(),"high")', "mid"),
        ('case(n<5,"low")', None),
        ('validate(n>5,"small",n<10,"large")', "large"),
        ('validate(n>5,"small")', None),
        ('coalesce(missing,word,"x")', "Alice"),
        ('coalesce(empty,"x")', ""),
        ('nullif(word,"Alice")', None),
        ('nullif(word,"Bob")', "Alice"),
        ("lower(word)", "alice"),
        ("upper(tags)", ["B", "A", "B"]),
        ("lower(missing)", None),
        ('trim("  x\t")', "x"),
        ('trim("--x-","-")', "x"),
        ("len(word)", 5),
        ("substr(word,2)", "lice"),
        ("substr(word,2,3)", "lic"),
        ("substr(word,-3,2)", "ic"),
        ('replace(path,"\\.","/")', "a/b/c"),
        ('replace("12/31","^(\\d+)/(\\d+)$","\\2-\\1")', "31-12"),
        ('tonumber("12")', 12),
        ("tonumber(n)", 12),
        ("tostring(12)", "12"),
        ('tostring(n="12")', "True"),
        ("tostring(isnull(n))", "False"),
        ('md5("a")', "0cc175b9c0f1b6a831c399e269772661"),
        ("len(sha256(word))", 64),
        ("floor(1.9)", 1),
        ("ceiling(1.1)", 2),
        ("ceil(-1.1)", -1),
        ("round(1.6)", 2),
        ("abs(-4)", 4),
        ("pow(2,10)", 1024),
        ("max(n,9)", 12),
        ("min(n,9)", 9),
        ('max("b","a")', "b"),
        ("mvcount(tags)", 3),
        ("mvcount(word)", 1),
        ("mvcount(missing)", None),
        ("mvindex(tags,1)", "a"),
        ("mvindex(tags,-1)", "b"),
        ("mvindex(tags,0,1)", ["b", "a"]),
        ("mvindex(tags,3)", None),
        ("mvindex(tags,1,9)", None),
        ('mvfind(tags,"^a")', 1),
        ('mvfind(tags,"z")', None),
        ('mvfilter(tags="b")', ["b", "b"]),
        ('mvfilter(match(tags,"a|z"))', "a"),
        ('mvfilter(tags="z")', None),
        ('mvjoin(tags,", ")', "b, a, b"),
        ("mvappend(word,tags,missing)", ["Alice", "b", "a", "b"]),
        ("mvdedup(tags)", ["b", "a"]),
        ('mvsort(split("10,9,70,100",","))', ["10", "100", "70", "9"]),
        ("mvsort(tags)", ["a", "b", "b"]),
        ('split(path,".")', ["a", "b", "c"]),
        ('split(word,".")', "Alice"),
        ("now()", 1_767_229_261),
        ("time()", 1_767_229_261.5),
        ('relative_time(now(),"-1m@m")', 1_767_229_200),
        ('relative_time(now(),"@h")', 1_767_229_200),
        ('relative_time(now(),"@d")', 1_767_225_600),
        ('relative_time(now(),"-1d@d+2h")', 1_767_146_400),
        ('relative_time(_time,"@m")', 960),
        ('strftime(0,"%Y-%m-%dT%H:%M:%S")', "1970-01-01T00:00:00"),
        ('strftime(_time,"%F %T.%3N")', "1970-01-01 00:16:40.250"),
        ('strptime("2026-01-01 00:00:00","%F %T")', 1_767_225_600),
        ('strptime("soon","%F")', None),
        ("isnum(n)", "boolean"),
    ],
)
def test_an_expression_has_the_value_its_page_gives(expression: str, wanted: Any) -> None:
    if wanted == "boolean":
        with pytest.raises(Undocumented, match="a boolean in field"):
            value(expression)
    else:
        assert value(expression) == wanted


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("n=12", True),
        ('n="12"', True),
        ('n=="12"', True),
        ("n>9", True),  # as text "12" is less than "9"
        ("n!=12", False),
        ('word="alice"', False),  # case-sensitive
        ('word="Alice"', True),
        ('word>"Alic"', True),
        ('"Zoe"<"alice"', True),  # "Uppercase letters are sorted before lowercase"
        ("missing=word", False),
        ('missing="x" OR n=12', True),
        ("isnull(missing) OR missing!=1", True),
        ('isnotnull(missing) AND missing="x"', False),
        ("isnull(empty)", False),  # an empty text is a value
        ("isnotnull(tags)", True),
        ("isnum(n) AND NOT isnum(word)", True),
        ('true_text="true"', True),
        ("true() AND NOT false()", True),
        ("isnull(null())", True),
        ('word LIKE "A%e"', True),
        ('like(word,"a%")', False),
        ('like(word,"Al_ce")', True),
        ('like(word,"Al_")', False),
        ('match(word,"lic")', True),
        ('match(word,"^lic")', False),
        ('match(word,"(?i)^ALICE$")', True),
        ('in(word,"Bob","Alice")', True),
        ('word IN ("Bob","Alice")', True),
        ('word in("Bob")', False),
        ('"10.9.165.8" in(word, ip)', True),
        ('cidrmatch("10.9.165.0/25",ip)', True),
        ('cidrmatch("10.9.165.128/25",ip)', False),
        ('word="*lice"', False),  # no asterisk in where
        ("NOT n=1 AND n=12", True),
        ("n=1 AND n=2 OR n=12", True),
        ("n=12 OR n=2 AND n=1", True),
        ("n=12 XOR word=word", False),
        ("n=12 XOR n=12 OR n=12", False),  # OR before XOR
        ("NOT (n=12 XOR n=1)", False),
        ("if(n=12,true(),false())", True),
    ],
)
def test_a_condition_holds_as_its_page_says(condition: str, *, wanted: bool) -> None:
    assert holds(condition) is wanted


@pytest.mark.parametrize("outcome", [(a, b, c) for a in "01" for b in "01" for c in "01"])
def test_and_binds_tighter_than_or(outcome: tuple[str, str, str]) -> None:
    a, b, c = (one == "1" for one in outcome)
    fields = dict(zip("abc", outcome, strict=True))
    assert holds("a=1 OR b=1 AND c=1", **fields) is (a or (b and c))
    assert holds("a=1 XOR b=1 OR c=1", **fields) is (a != (b or c))
    assert holds("NOT a=1 AND b=1", **fields) is (not a and b)


def test_assignments_see_the_ones_before_them() -> None:
    event = {"_time": 1, "_indextime": 0, "a": "1"}
    (row,) = run('* | eval b=a+1, c=b*2, a=null(), "d e"=c | table a, b, c, "d e"', [event], now_ms=0)
    assert row == {"b": 2, "c": 4, "d e": 4}


@pytest.mark.parametrize(
    "expression",
    [
        "1/3",  # rounded to the least precise input
        "8.250*0.2",
        "_time-1000",
        '"1"+1',
        "word+1",
        "word*2",
        "tostring(missing)",
        'tostring(exact(1/3)."")',
        "n>5",
        "isnull(n)",
        "true",
        'tonumber("seven")',
        'tonumber(" 7")',
        "round(2.5)",
        "round(n,2)",
        "max(n,word)",
        "min(n,missing)",
        'upper("\u00e9")',
        "substr(word,0)",
        'split("a,,b",",")',
        'replace(word,"(?<x>a)","b")',
        'if(word,"a","b")',
        'if(n,"a","b")',
        'validate(missing=1,"a")',
        "9007199254740992+1",
        "word.n+1",
        "-7%4",
    ],
)
def test_a_value_that_is_not_written_down_is_refused(expression: str) -> None:
    with pytest.raises(Undocumented):
        value(expression)


@pytest.mark.parametrize(
    "condition",
    [
        'NOT missing="x"',
        'missing!="x"',
        'NOT (isnotnull(missing) AND missing="x")',
        "missing XOR n=12",
        'NOT like(missing,"a")',
        "word>1",
        "count",
        'n="12.0"',
        'n>"9"',
        'n<"x"',
        'tags="a"',
        'match(tags,"a")',
        'word LIKE "100\\%"',
        'match(word,"a++")',
        "lower(word)",
    ],
)
def test_a_condition_that_is_not_written_down_is_refused(condition: str) -> None:
    with pytest.raises(Undocumented):
        holds(condition)


@pytest.mark.parametrize(
    "expression",
    [
        "spath(word)",
        "lower()",
        "if(n=1,2)",
        "n=1 and n=2",
        "(1",
        "1 2",
        "mvfilter(n=1 OR word=2)",
        "n ? 1",
        '"a',
    ],
)
def test_what_is_not_in_the_grammar_is_refused(expression: str) -> None:
    with pytest.raises(NotInGrammar):
        value(expression)


def test_a_text_that_some_read_as_a_number_is_only_compared_where_readings_agree() -> None:
    assert holds('h="1e5"', h="1e5")
    assert not holds('h="abc"', h="1e5")
    with pytest.raises(Undocumented):
        holds('h="100000"', h="1e5")
    assert not holds('lower(h)="100000"', h="1e5"), "what a function of text gives is text"
    assert math.isclose(value("exact(n/9)"), 12 / 9)
