"""The commands of the SPL oracle, one by one, as their pages describe them."""

from typing import Any

import pytest

from tests.languages.spl import NotInGrammar, Rows, Undocumented, outcome, run

NOW_MS = 1_767_229_261_500
USERS: Rows = [{"user": "ann", "group": "ops", "tier": "1"}, {"user": "bob", "group": "dev"}]


def rows(query: str, *fields: dict[str, Any], **options: Any) -> Rows:
    """The results over events of one second each, oldest first, without what every event has."""
    events = [{"_time": at, "_indextime": at + 0.5, **one} for at, one in enumerate(fields)]
    found = run(f"* | sort 0 _time | {query}", events, now_ms=NOW_MS, **options)
    return [{name: one for name, one in row.items() if name not in ("_time", "_indextime")} for row in found]


def column(query: str, name: str, *values: Any, **options: Any) -> list[Any]:
    """The values of a field after a command over events that have or lack it."""
    given = [{} if one is None else {name: one} for one in values]
    return [row.get(name) for row in rows(query, *given, **options)]


@pytest.mark.parametrize(
    ("query", "values", "wanted"),
    [
        ("sort 0 f", ["10", "9", "100"], ["9", "10", "100"]),
        ("sort 0 -f", ["10", "9", "100"], ["100", "10", "9"]),
        ("sort 0 - f", ["10", "9.5", None], ["10", "9.5", None]),
        (
            "sort 0 f",
            [None, "b", "A"],
            ["A", "b", None],
        ),  # absent is the largest, and the smallest when descending
        ("sort 0 -f", [None, "b", "A"], ["b", "A", None]),
        ("sort 0 f", ["10.0.0.10", "10.0.0.9"], ["10.0.0.9", "10.0.0.10"]),
        ("sort 0 str(f)", ["10", "9", "100"], ["10", "100", "9"]),
        ("sort 2 f", ["3", "1", "2"], ["1", "2"]),
        ("sort limit=1 -num(f)", ["3", "1", "2"], ["3"]),
        ("head 2", ["a", "b", "c"], ["a", "b"]),
        ("head", [*"abcdefghijkl"], [*"abcdefghij"]),
        ("dedup f", ["a", "A", "a", None], ["a", "A"]),
        ("dedup f keepempty=true", ["a", None, "a", None], ["a", None, None]),
        ("dedup 2 f", ["a", "a", "a", "b"], ["a", "a", "b"]),
        ("dedup consecutive=true f", ["a", "a", "b", "a"], ["a", "b", "a"]),
        ("dedup f", [["a", "b"], ["a"], ["a", "b"]], [["a", "b"], "a"]),
        ("mvexpand f", [["a", "b"], "c"], ["a", "b", "c"]),
        ("mvexpand f limit=1", [["a", "b"], "c"], ["a", "c"]),
        ("fillnull value=none f", ["a", None, ""], ["a", "none", ""]),
        ("fillnull f", [None], ["0"]),
        ("fillnull value=x", [None, "a"], ["x", "a"]),
        ('where f="a"', ["a", "b"], ["a"]),
        ("search f=A", ["a", "b"], ["a"]),
    ],
)
def test_a_command_over_one_field(query: str, values: list[Any], wanted: list[Any]) -> None:
    assert column(query, "f", *values) == wanted


def test_several_fields_are_sorted_each_its_way() -> None:
    given = [{"a": a, "b": b} for a in "12" for b in "12"]
    assert [row["a"] + row["b"] for row in rows("sort 0 -a, +b", *given)] == ["21", "22", "11", "12"]


def test_sort_without_zero_loses_all_but_ten_thousand() -> None:
    many = [{"f": str(at)} for at in range(10_001)]
    assert len(rows("sort f", *many)) == 10_000
    assert len(rows("sort 0 f", *many)) == 10_001


def test_dedup_of_an_identity_keeps_the_first_received() -> None:
    events = [
        {"_time": 5, "_indextime": 9, "event_id": "a", "n": "late"},
        {"_time": 5, "_indextime": 7, "event_id": "a", "n": "first"},
        {"_time": 6, "_indextime": 8, "event_id": "a", "n": "other time"},
        {"_time": 5, "_indextime": 6, "n": "no id"},
        {"_time": 5, "_indextime": 5, "n": "no id either"},
    ]
    query = "* | sort 0 _indextime | dedup event_id _time keepempty=true | table n"
    found = [row["n"] for row in run(query, events, now_ms=NOW_MS)]
    assert found == ["no id either", "no id", "first", "other time"]


def test_equals_may_be_asked_for_the_other_way_round() -> None:
    events = [{"_time": 5, "_indextime": 0, "n": one} for one in "ab"]
    assert [row["n"] for row in run("*", events, now_ms=0)] == ["a", "b"]
    assert [row["n"] for row in run("*", events, now_ms=0, reverse_ties=True)] == ["b", "a"]


def test_fields_keeps_time_and_raw_and_table_keeps_what_it_names() -> None:
    event = {"_time": 1, "_indextime": 2, "_raw": "{}", "a": "1", "b": "2"}
    assert run("* | fields a", [event], now_ms=0) == [{"_time": 1, "_raw": "{}", "a": "1"}]
    assert "a" not in run("* | fields - a", [event], now_ms=0)[0]
    assert run("* | table b, a, c", [event], now_ms=0) == [{"b": "2", "a": "1"}]
    assert "" not in run("* | fields a", [event | {"": "1"}], now_ms=0)[0]
    assert run("* | fillnull | table a", [event | {"": "1"}], now_ms=0) == [{"a": "1"}]
    with pytest.raises(Undocumented, match="whether fields keeps _indextime"):
        run("* | fields a | eval x=_indextime", [event], now_ms=0)


def test_rename_takes_the_name_and_the_data_of_the_new_one() -> None:
    assert rows('rename a AS b, "x y" AS c', {"a": "1", "b": "2", "x y": "3"}) == [{"b": "1", "c": "3"}]
    assert rows("rename a AS b", {"b": "2"}) == [{}]  # "the data in fieldB is removed"
    with pytest.raises(Undocumented):
        rows("rename a AS b", {"b": "2"}, {"a": "1"})


def test_bin_rounds_time_down_to_its_span() -> None:
    events = [{"_time": at, "_indextime": 0} for at in (125.5, 60, 59.999)]
    found = run("* | bin _time span=1m | table _time", events, now_ms=0)
    assert [row["_time"] for row in found] == [120, 60, 0]
    (row,) = run("* | bin span=1h _time AS hour", events[:1], now_ms=0)
    assert (row["hour"], row["_time"]) == (0, 125.5)


@pytest.mark.parametrize(
    ("query", "given", "wanted"),
    [
        ("lookup users user AS who OUTPUT group", {"who": "ann"}, {"who": "ann", "group": "ops"}),
        (
            "lookup users user AS who OUTPUT group AS team, tier",
            {"who": "bob"},
            {"who": "bob", "team": "dev"},
        ),
        (
            "lookup users user AS who OUTPUT group",
            {"who": "ann", "group": "x"},
            {"who": "ann", "group": "ops"},
        ),
        (
            "lookup users user AS who OUTPUTNEW group",
            {"who": "ann", "group": "x"},
            {"who": "ann", "group": "x"},
        ),
        ("lookup users user OUTPUT group", {"user": "ANN"}, {"user": "ANN"}),
        ("lookup users user OUTPUT group", {}, {}),
        (
            "lookup users user, group OUTPUT tier",
            {"user": "ann", "group": "ops"},
            {"user": "ann", "group": "ops", "tier": "1"},
        ),
    ],
)
def test_lookup_adds_what_the_table_has(query: str, given: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert rows(query, given, lookups={"users": USERS}) == [wanted]


def test_lookup_gives_every_match() -> None:
    table = [{"k": "1", "v": "b"}, {"k": "1", "v": "a"}]
    assert rows("lookup t k OUTPUT v", {"k": "1"}, lookups={"t": table}) == [{"k": "1", "v": ["b", "a"]}]


def test_inputlookup_reads_and_appends() -> None:
    lookups = {"users.csv": USERS}
    assert run("| inputlookup users.csv", [], now_ms=0, lookups=lookups) == USERS
    assert run("| inputlookup users.csv where user=B*", [], now_ms=0, lookups=lookups) == USERS[1:]
    found = rows("stats count | inputlookup append=t users.csv WHERE user=ann", {}, lookups=lookups)
    assert found == [{"count": 1}, USERS[0]]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ("t.csv", [{"a": "1", "c": "3"}]),
        ("append=true t.csv", [{"a": "0", "d": "9"}, {"a": "1"}]),  # "Field C is lost"
        ("append=true new.csv", [{"a": "1", "c": "3"}]),
    ],
)
def test_outputlookup_replaces_or_appends(options: str, wanted: Rows) -> None:
    query = f"| makeresults | eval a=1, c=3 | table a, c | outputlookup {options}"
    ended = outcome(query, [], now_ms=0, lookups={"t.csv": [{"a": "0", "d": "9"}]})
    name = options.rpartition(" ")[2]
    assert ended.lookups[name] == wanted
    assert ended.written == (name,)
    assert ended.rows == [{"a": 1, "c": 3}]


def test_outputlookup_by_key_replaces_the_record_of_that_key() -> None:
    store = {"kv": [{"_key": "a", "a": "a", "n": "1"}, {"_key": "b", "a": "b", "n": "2"}]}
    data = '[{\\"a\\":\\"b\\",\\"n\\":3},{\\"a\\":\\"c\\",\\"n\\":4}]'
    query = f'| makeresults format=json data="{data}" | table a, n '
    kept = outcome(f"{query} | outputlookup key_field=a kv", [], now_ms=0, lookups=store, collections=["kv"])
    assert [(row["_key"], row["n"]) for row in kept.lookups["kv"]] == [("a", "1"), ("b", "3"), ("c", "4")]
    fresh = outcome(
        f"{query} | outputlookup append=false key_field=a kv", [], now_ms=0, lookups=store, collections=["kv"]
    )
    assert [row["_key"] for row in fresh.lookups["kv"]] == ["b", "c"]


def test_outputlookup_of_nothing_deletes_unless_told_not_to() -> None:
    lookups: dict[str, Rows] = {"t.csv": [{"a": "0"}]}
    none = "| makeresults | where 1=2 | table a"
    assert "t.csv" not in outcome(f"{none} | outputlookup t.csv", [], now_ms=0, lookups=lookups).lookups
    kept = outcome(f"{none} | outputlookup override_if_empty=false t.csv", [], now_ms=0, lookups=lookups)
    assert kept.lookups == lookups


def test_a_file_holds_several_values_as_one_text() -> None:
    query = '| makeresults | eval m=split("a,b",",") | table m | outputlookup '
    assert outcome(query + "t.csv", [], now_ms=0).lookups["t.csv"] == [{"m": "a b"}]
    assert outcome(query + "t", [], now_ms=0, collections=["t"]).lookups["t"] == [{"m": ["a", "b"]}]


def test_append_adds_the_results_of_a_subsearch() -> None:
    made = "append [| makeresults count=2 | eval n=7]"
    query = f"stats count AS n | append [search f=a | stats count AS n] | {made}"
    assert [row["n"] for row in rows(query, {"f": "a"}, {"f": "b"})] == [2, 1, 7, 7]


def test_append_loses_all_but_fifty_thousand() -> None:
    found = run("| makeresults | append [| makeresults count=50001] | stats count", [], now_ms=0)
    assert found == [{"count": 50_001}]


def test_makeresults_makes_rows() -> None:
    assert run("| makeresults count=2", [], now_ms=NOW_MS) == [{"_time": 1_767_229_261}] * 2
    data = '[{\\"a\\":\\"x|y\\",\\"b\\":true,\\"n\\":1}]'
    found = run(f'| makeresults format=json data="{data}" | where n<2', [], now_ms=0)
    assert found == [{"a": "x|y", "b": "true", "n": "1"}]


@pytest.mark.parametrize(
    "query",
    [
        "sort 0 a b",
        "dedup",
        "dedup 0 a",
        "dedup a sortby -b",
        "table a*",
        "table 'a'",
        "fields a*",
        "rename a* AS b*",
        "rename a",
        "bin n span=10",
        "bin _time",
        "bin _time span=1mon",
        "head (a=1)",
        "lookup users user",
        "lookup users user OUTPUT user",
        "inputlookup users",
        "outputlookup create_empty=true users",
        "outputlookup key_field=a users.csv",
        "append [stats count]",
        "append makeresults",
        "makeresults",
        "eval {a}=1",
        "transaction a",
        "mvexpand a b",
    ],
)
def test_what_is_not_in_the_grammar_is_refused(query: str) -> None:
    with pytest.raises(NotInGrammar):
        rows(query, {"a": "1", "n": "1"}, lookups={"users": USERS, "users.csv": USERS})


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("sort 0 a", [{"a": "1"}, {"a": "x"}]),
        ("sort 0 a", [{"a": "1x"}, {"a": "2x"}]),
        ("sort 0 a", [{"a": ["1", "2"]}]),
        ("dedup consecutive=true a", [{"a": "1"}, {}]),
        ("mvexpand a", [{}]),
        ("table a", [{}]),
        ("lookup users user OUTPUTNEW group, tier", [{"user": "ann", "group": "x"}]),
        ("lookup users user OUTPUT group", [{"user": "eve", "group": "x"}]),
        ("lookup users user OUTPUT group", [{"user": ["ann", "bob"]}]),
        ("lookup missing user OUTPUT group", [{"user": "ann"}]),
        ("lookup twice k OUTPUT v", [{"k": "1"}]),
        ("lookup blank k OUTPUT v", [{"k": "1"}]),
        ("outputlookup users", [{"a": "1"}]),  # _time and _indextime
        ("table a | outputlookup key_field=a kv", [{"a": "1"}, {"a": "1"}]),
        ("table a, n | outputlookup key_field=a kv", [{"n": "1"}]),
        ("table a | outputlookup key_field=a kv", [{"a": "k"}]),
        ("table a | outputlookup append=true none.csv", [{"a": "1"}]),
    ],
)
def test_what_is_not_written_down_is_refused(query: str, given: list[dict[str, Any]]) -> None:
    lookups: dict[str, Rows] = {
        "users": USERS,
        "twice": [{"k": "1", "v": "a"}, {"k": "1", "v": "a"}],
        "blank": [{"k": "1", "v": ""}],
        "kv": [{"_key": "k", "a": "k", "other": "1"}],
        "none.csv": [],
    }
    with pytest.raises(Undocumented):
        rows(query, *given, lookups=lookups, collections=["kv"])
