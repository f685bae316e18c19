"""stats, eventstats and streamstats of the SPL oracle."""

from typing import Any

import pytest

from tests.languages.spl import NotInGrammar, Rows, Undocumented, run, statistics

SALES = [
    {"shop": "a", "price": "10", "kind": "x"},
    {"shop": "b", "price": "9", "kind": "y"},
    {"shop": "a", "price": "100", "kind": "x"},
    {"shop": "a", "kind": "z"},
    {"price": "1", "kind": "x"},
]
SHIFTS = ["DAY", "DAY", "NIGHT", "NIGHT", "NIGHT", "NIGHT", "DAY", "NIGHT"]  # the streamstats page


def rows(query: str, given: list[dict[str, Any]] | None = None, *, step: float = 1, **options: Any) -> Rows:
    events = [
        {"_time": at * step, "_indextime": 0, **one}
        for at, one in enumerate(SALES if given is None else given)
    ]
    return run(f"* | sort 0 _time | {query}", events, now_ms=0, **options)


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        ("count", 5),
        ("count(price)", 4),
        ('count(eval(kind="x"))', 3),
        ('count(eval(kind="x" AND isnotnull(shop)))', 2),
        ("dc(shop)", 2),
        ("distinct_count(kind)", 3),
        ("sum(price)", 120),
        ("avg(price)", 30),
        ("min(price)", 1),
        ("max(price)", 100),  # as text "9" is the largest
        ("max(kind)", "z"),
        ("range(price)", 99),
        ("values(kind)", ["x", "y", "z"]),
        ("values(price)", ["1", "10", "100", "9"]),
        ("list(kind)", ["x", "y", "x", "z", "x"]),
        ("first(price)", "10"),
        ("last(price)", "1"),
        ("earliest(price)", "10"),
        ("latest(price)", "1"),
        ("exactperc99(eval(if(price>9,5,5)))", 5),
        ("perc50(eval(7))", 7),
        ('sum(eval(if(kind="x",1,0)))', 3),
        ("dc(eval(lower(kind)))", 3),
        ("max(_time)", 4),
    ],
)
def test_a_function_over_all_results(function: str, wanted: Any) -> None:
    assert rows(f"stats {function} AS v") == [{"v": wanted}]


def test_fields_are_named_after_their_function() -> None:
    assert rows("stats count, sum(price) dc(shop)") == [{"count": 5, "sum(price)": 120, "dc(shop)": 2}]


def test_by_gives_a_row_for_each_value_and_none_for_its_absence() -> None:
    assert rows("stats count AS n sum(price) AS s BY shop") == [
        {"shop": "a", "n": 3, "s": 110},
        {"shop": "b", "n": 1, "s": 9},
    ]
    assert rows("stats count by shop, kind") == [
        {"shop": "a", "kind": "x", "count": 2},
        {"shop": "a", "kind": "z", "count": 1},
        {"shop": "b", "kind": "y", "count": 1},
    ]
    assert rows("stats sum(price) AS s BY kind, shop", SALES[3:4]) == [{"kind": "z", "shop": "a"}]


def test_case_makes_groups_of_their_own() -> None:
    assert len(rows("stats count BY shop", [{"shop": "a"}, {"shop": "A"}])) == 2


def test_a_multivalue_in_by_is_in_a_group_for_each_value() -> None:
    given: list[dict[str, Any]] = [{"t": ["a", "b"]}, {"t": "a"}]
    assert rows("stats count BY t", given) == [{"t": "a", "count": 2}, {"t": "b", "count": 1}]


def test_a_count_over_nothing_is_a_row_and_nothing_else_is() -> None:
    assert rows("stats count sum(price) AS s", []) == [{"count": 0}]
    assert rows("stats count BY shop", []) == []
    with pytest.raises(Undocumented):
        rows("stats sum(price) AS s", [])


def test_list_loses_all_but_a_hundred() -> None:
    assert len(rows("stats list(n) AS v", [{"n": str(at)} for at in range(101)])[0]["v"]) == 100


def test_the_ratio_of_a_gate_is_compared_in_integers() -> None:
    given: list[dict[str, Any]] = [{"bad": "1"}] * 3 + [{"bad": "0"}] * 97
    query = 'eval hit=if(bad="1",1,0) | stats sum(hit) AS n count AS d | where n>=3 AND d>=100 AND n*100>=d'
    assert rows(query, given) == [{"n": 3, "d": 100}]
    assert rows(query, given[1:]) == []


def test_eventstats_keeps_every_result() -> None:
    found = rows("eventstats sum(price) AS s BY kind | table kind, s")
    assert [row.get("s") for row in found] == [111, 9, 111, None, 111]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("streamstats count", [1, 2, 3, 4, 5]),
        ("streamstats current=f count", [0, 1, 2, 3, 4]),
        ("streamstats count BY kind", [1, 1, 2, 1, 3]),
        ("streamstats window=2 count", [1, 2, 2, 2, 2]),
        ("streamstats count window=2", [1, 2, 2, 2, 2]),
        ("streamstats window=2 current=f count", [0, 1, 2, 2, 2]),
        ("streamstats window=3 count BY kind", [1, 1, 2, 1, 2]),  # one window for all groups
        ("streamstats window=2 global=f count BY kind", [1, 1, 2, 1, 2]),
        ("streamstats count by kind window=3 global=f", [1, 1, 2, 1, 3]),
        ("streamstats sum(price) AS count", [10, 19, 119, 119, 120]),
        ("streamstats dc(kind) AS count", [1, 2, 2, 3, 3]),
        ("streamstats current=f last(price) AS count", [None, "10", "9", "100", "100"]),
    ],
)
def test_streamstats_computes_as_it_goes(query: str, wanted: list[Any]) -> None:
    assert [row.get("count") for row in rows(query)] == wanted


def test_accum_is_a_running_total_of_numbers_alone() -> None:
    given = [{"n": one} for one in ("3", "0", "20", "1")]
    assert [row["n"] for row in rows("accum n", given)] == [3, 3, 23, 24]
    found = rows("accum n AS total", given)
    assert [(row["n"], row["total"]) for row in found] == [("3", 3), ("0", 3), ("20", 23), ("1", 24)]
    for one in ({}, {"n": "x"}, {"n": ["1", "2"]}):
        with pytest.raises(Undocumented):
            rows("accum n", [{"n": "1"}, one])


def test_at_their_limit_of_memory_commands_say_less() -> None:
    given = [{"n": one} for one in "123"]
    found = rows("eventstats count AS c | eval many=mvappend(n, n)", given, memory=2)
    assert [row.get("c") for row in found] == [3, 3, None]
    assert len(rows("eval n=mvappend(n, n) | mvexpand n", given, memory=4)) == 4


def test_a_change_of_group_starts_again() -> None:
    given = [{"shift": one} for one in SHIFTS]
    query = "streamstats count BY shift reset_on_change=true"
    assert [row["count"] for row in rows(query, given)] == [1, 2, 1, 2, 3, 4, 1, 1]
    assert [row["count"] for row in rows("streamstats count BY shift", given)] == [1, 2, 1, 2, 3, 4, 3, 5]


def test_a_time_window_looks_back_or_ahead() -> None:
    query = "streamstats time_window=2m count"
    assert [row["count"] for row in rows(query, [{}] * 5, step=50)] == [1, 2, 3, 3, 3]
    assert [row["count"] for row in rows(f"sort 0 -_time | {query}", [{}] * 5, step=50)] == [1, 2, 3, 3, 3]
    given = [{"g": one} for one in "aabab"]
    assert [row["count"] for row in rows(f"{query} BY g", given, step=50)] == [1, 2, 1, 2, 2]
    with pytest.raises(Undocumented, match="exactly its length away"):
        rows(query, [{}] * 5, step=60)
    with pytest.raises(Undocumented, match="not in time order"):
        rows(f"sort 0 n | {query}", [{"n": "2"}, {"n": "3"}, {"n": "1"}])


def test_streamstats_counts_to_the_limit_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    assert statistics.LIMIT == 10_000, "max_stream_window"
    monkeypatch.setattr(statistics, "LIMIT", 50)  # ten thousand rows take half a minute
    assert run("| makeresults count=51 | streamstats count", [], now_ms=0)[-1]["count"] == 50
    with pytest.raises(Undocumented):
        run("| makeresults count=51 | eval g=1 | streamstats count BY g", [], now_ms=0)


def test_rows_of_stats_have_no_order_of_their_own() -> None:
    assert [row["kind"] for row in rows("stats count BY kind", reverse_ties=True)] == ["z", "y", "x"]


@pytest.mark.parametrize(
    "query",
    [
        "stats stdev(price)",
        "stats sum",
        "stats count(eval(kind=1))",
        "stats count BY",
        "stats",
        "stats count count",
        "stats count AS kind BY kind",
        "stats sum(p*)",
        "streamstats reset_on_change=t count",
        'streamstats reset_before="(n=1)" count',
        "eventstats allnum=t count",
        "stats count BY kind span=1",
    ],
)
def test_what_is_not_in_the_grammar_is_refused(query: str) -> None:
    with pytest.raises(NotInGrammar):
        rows(query)


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("stats sum(kind)", SALES),
        ("stats max(v)", [{"v": "1"}, {"v": "x"}]),
        ("stats values(v)", [{"v": ["a", "b"]}]),
        ("stats perc50(price)", SALES),
        ("stats earliest(shop) AS e BY same", [{"_time": 1, "shop": one, "same": "1"} for one in "ab"]),
        ("stats count BY a, b", [{"a": ["1", "2"], "b": ["1", "2"]}]),
        ("stats count(eval(price)) AS n", SALES),
        ('stats count(eval(NOT shop="a")) AS n', SALES),
        ("eventstats count BY shop", SALES),
        ("streamstats count BY shop", SALES),
        ("streamstats window=10001 count", SALES),
    ],
)
def test_what_is_not_written_down_is_refused(query: str, given: list[dict[str, Any]]) -> None:
    with pytest.raises(Undocumented):
        rows(query, given)
