"""The search language of the SPL oracle: tables of what Splunk's pages say of it."""

from typing import Any

import pytest

from tests.languages.spl import NotInGrammar, Rows, Undocumented, run

NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
PONIES = [  # the events of the page "Difference between != and NOT" (Search Manual)
    {"ID": "101M3", "Color": "Chestnut", "Location": "Marin Meadows"},
    {"ID": "104F5", "Color": "Bay"},
    {"ID": "104M6", "Color": "Dun", "Location": "Placer Pastures"},
    {"ID": "101F2", "Location": "Marin Meadows"},
    {"ID": "102M7", "Color": "Black", "Location": "Calaveras Farms"},
    {"ID": "102M1", "Color": "Roan"},
]


def events(*fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"_time": NOW_MS / 1000 - at, "_indextime": 0, **one} for at, one in enumerate(fields)]


def kept(query: str, *fields: dict[str, Any], **options: Any) -> list[int]:
    """Which of the events a search keeps, by place."""
    marked = events(*({"at": str(at), **one} for at, one in enumerate(fields)))
    return sorted(int(row["at"]) for row in found(query, marked, **options))


def found(query: str, given: list[dict[str, Any]], **options: Any) -> Rows:
    return run(query, given, now_ms=NOW_MS, **options)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ('Location!="Calaveras Farms"', ["101M3", "104M6", "101F2"]),
        ('NOT Location="Calaveras Farms"', ["101M3", "104F5", "104M6", "101F2", "102M1"]),
        ("Location=*", ["101M3", "104M6", "101F2", "102M7"]),
        ("NOT Location=*", ["104F5", "102M1"]),
        ("Location!=*", []),
        ('NOT Location!="Calaveras Farms"', ["104F5", "102M7", "102M1"]),
        ('location="Marin Meadows"', []),  # field names are case-sensitive
        ('Location="marin MEADOWS"', ["101M3", "101F2"]),  # values are not
        ("Location=CASE(Marin*)", ["101M3", "101F2"]),
        ("Location=CASE(marin*)", []),
    ],
)
def test_not_and_unequal_differ_where_the_field_is_absent(query: str, ids: list[str]) -> None:
    assert [row["ID"] for row in found(query, events(*PONIES))] == ids


GRID = [{"a": a, "b": b, "c": c} for a in "01" for b in "01" for c in "01"]


@pytest.mark.parametrize(
    ("query", "means"),
    [
        ("a=1 AND b=1 OR c=1", lambda a, b, c: a and (b or c)),
        ("a=1 b=1 OR c=1", lambda a, b, c: a and (b or c)),
        ("c=1 OR b=1 AND a=1", lambda a, b, c: (c or b) and a),
        ("a=1 OR b=1 c=1", lambda a, b, c: (a or b) and c),
        ("(a=1 AND b=1) OR c=1", lambda a, b, c: (a and b) or c),
        ("NOT a=1 b=1", lambda a, b, _c: not a and b),
        ("NOT (a=1 b=1)", lambda a, b, _c: not (a and b)),
        ("NOT a=1 OR b=1", lambda a, b, _c: not a or b),
        ("a=1 NOT b=1 OR c=1", lambda a, b, c: a and (not b or c)),
        ("a IN (1, 2) NOT b IN (1)", lambda a, b, _c: a and not b),
        ("*", lambda _a, _b, _c: True),
        ("search a=1", lambda a, _b, _c: a),
    ],
)
def test_or_binds_tighter_than_and(query: str, means: Any) -> None:
    wanted = [at for at, row in enumerate(GRID) if means(*(row[name] == "1" for name in "abc"))]
    assert kept(query, *GRID) == wanted


@pytest.mark.parametrize(
    ("written", "value", "holds"),
    [
        ("=1", "1.0", False),  # "compare string values … "1" does not match "1.0""
        ("=webserver*", "webserver", True),
        ("=webserver*", "WebServer9", True),
        ("=webserver*", "my-webserver", False),
        ('="*svc*"', "a svc b", True),
        ('="*svc*"', "", False),
        ('="a\\"b"', 'a"b', True),
        ('="C:\\\\Temp\\\\*"', "c:\\temp\\x", True),
        ('="a\\sb"', "a\\sb", True),  # "Unrecognized backslash sequences are not altered"
        ('="a.c"', "abc", False),
        ('=""', "", True),
        ('=""', "x", False),
        ('!=""', "x", True),
        ('="10.9.165.0/24"', "10.9.165.8", True),  # a CIDR match, not a text
        ('="10.9.165.0/24"', "10.9.166.8", False),
        (">5", "12", True),  # as text "12" is less
        (">5", "5", False),
        (">=5", "5.0", True),
        ("<=-1", "-2", True),
        (" IN (40*, 500)", "404", True),
        (" IN (40*, 500)", "4", False),
        (' IN ("a b", c)', "A B", True),
    ],
)
def test_a_value_is_compared(written: str, value: str, *, holds: bool) -> None:
    assert bool(kept(f"f{written}", {"f": value})) is holds


def test_any_of_several_values_may_match() -> None:
    tags = {"actor_tags{}": ["human", "svc-build"]}
    assert kept('"actor_tags{}"="svc*"', tags, {"actor_tags{}": "human"}, {}) == [0]
    assert kept("actor_tags{}=human NOT actor_tags{}=svc-build", tags, {"actor_tags{}": "human"}) == [1]


def test_the_latest_event_comes_first() -> None:
    given = [{"_time": at, "_indextime": 0, "n": str(at)} for at in (3.25, 9, 1)]
    assert [row["n"] for row in found("*", given)] == ["9", "3.25", "1"]


def test_a_search_names_its_own_range_half_open() -> None:
    given = [{"_time": NOW_MS / 1000 - 60 * at, "_indextime": 0, "n": str(at)} for at in range(5)]
    assert [row["n"] for row in found("earliest=-3m@m latest=-1m@m", given)] == ["2", "3"]


def test_macros_are_written_out_with_their_arguments() -> None:
    macros = {"base": "a=1", "two(x, y)": "(b=$x$ OR `three($y$)`)", "three(z)": "c=$z$"}
    assert kept("`base` `two(1, 1)`", *GRID, macros=macros) == [5, 6, 7]
    with pytest.raises(NotInGrammar):
        found("`other`", [], macros=macros)


@pytest.mark.parametrize(
    "query",
    [
        "error",
        '"web error"',
        "TERM(127.0.0.1)",
        "a=1 or b=1 |",
        "a*=1",
        "'a'=1",
        "tag=x",
        "a=AND",
        "a>1*",
        "(a=1",
        'a="x',
        "a=1 | frobnicate",
        "a=1 | search earliest=-1m",
        "a IN (1",
    ],
)
def test_what_is_not_in_the_grammar_is_refused(query: str) -> None:
    with pytest.raises(NotInGrammar):
        found(query, events({"a": "1"}))


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        (r'a="x\*"', {"a": "x*"}),  # "can't be used to escape the asterisk"
        ("a=*", {"a": ""}),
        ("NOT a=*", {"a": ""}),
        ('a="10.0.0.0/8"', {"a": "10.0.0.0/8"}),
        ("a!=x", {"a": ["x", "y"]}),
        ("a>b", {"a": "c"}),
        ("a>1", {"a": "1e3"}),
        ("a=k", {"a": "\u212a"}),  # the Kelvin sign
        ("a=1 `m`", {"a": "1"}),
        ('a="`m`"', {"a": "1"}),
    ],
)
def test_what_is_not_written_down_is_refused(query: str, fields: dict[str, Any]) -> None:
    with pytest.raises(Undocumented):
        found(query, events(fields), macros={"m": r'a="\*"'})


def test_a_doubt_that_decides_nothing_is_no_refusal() -> None:
    assert kept('NOT a=* OR a=""', {"a": ""}, {}, {"a": "x"}) == [0, 1]
    assert kept("b=1 a!=x", {"a": ["x", "y"], "b": "2"}) == []
