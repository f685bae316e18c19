"""ES|QL, command by command: what the documents promise over the documents of `ground`."""

from typing import Any

import pytest

from tests.languages.esql import Undocumented, run
from tests.languages.esql.ground import INDICES, NOW_MS

Answer = tuple[str, list[dict[str, Any]]]

ANSWERS: list[Answer] = [
    # FROM: patterns, metadata, a null and an empty list alike, lower case through the normalizer, no repeats
    (
        "FROM events METADATA _id, _version | WHERE depth == 1 | KEEP _*, decision, tags, at, ip, user.name",
        [
            {
                "_id": "1",
                "_version": 2,
                "decision": "allow",
                "tags": ["ops", "svc"],
                "at": "2025-12-31T23:59:00.000Z",
                "ip": "10.0.0.1",
                "user.name": "ada",
            }
        ],
    ),
    ("from ev* | stats count(*)", [{"count(*)": 4}]),
    ('FROM events METADATA _index | WHERE tool == "a*b" | KEEP _index', [{"_index": ".ds-events-1"}]),
    ("FROM events | WHERE depth == 1 | KEEP raw", [{"raw": None}]),
    ("FROM events | WHERE tags IS NULL | KEEP tool | SORT tool", [{"tool": "a*b"}, {"tool": "write"}]),
    (
        "FROM plain, other METADATA _id, _index | SORT _id",
        [{"f": None, "_id": "o", "_index": "other"}, {"f": None, "_id": "p", "_index": "plain"}],
    ),
    # ROW, EVAL: names from the text, columns to the left, the last of one name
    ("ROW a = 1, 2, b = [3, 4]", [{"a": 1, "2": 2, "b": [3, 4]}]),
    ("ROW @timestamp = 1, `a-b` = 2 | KEEP @time*, `a-b`", [{"@timestamp": 1, "a-b": 2}]),
    ("ROW a = 1 | EVAL b = a + 1, c = b * 2, a = 9, a + c", [{"b": 2, "c": 4, "a": 9, "a + c": 13}]),
    # WHERE keeps what is true, and nothing else
    ("FROM events | WHERE match | KEEP tool", [{"tool": "read"}]),
    ("FROM events | WHERE NOT match | KEEP tool", [{"tool": "Read"}]),
    ("FROM events | WHERE null | KEEP tool", []),
    # KEEP and DROP: precedence of names over patterns, of patterns over the star
    ("ROW aa = 1, ab = 2, b = 3 | KEEP b, a*, ab", [{"b": 3, "aa": 1, "ab": 2}]),
    ("ROW aa = 1, ab = 2, b = 3 | KEEP ab, *", [{"ab": 2, "aa": 1, "b": 3}]),
    ("ROW aa = 1, ab = 2, b = 3 | DROP a*", [{"b": 3}]),
    # RENAME: in turn, over what was there
    ("ROW a = 1, b = 2 | RENAME a AS b, b AS c", [{"c": 1}]),
    ("ROW a = 1, b = 2 | RENAME c = a", [{"c": 1, "b": 2}]),
    # SORT: null is largest; of several values the lowest up, the highest down
    (
        "FROM events | SORT match, tool | KEEP tool",
        [{"tool": "Read"}, {"tool": "read"}, {"tool": "a*b"}, {"tool": "write"}],
    ),
    ("FROM events | SORT match DESC NULLS LAST, tool | KEEP tool | LIMIT 1", [{"tool": "read"}]),
    ("FROM events | SORT at DESC, tool DESC | KEEP tool | LIMIT 1", [{"tool": "write"}]),
    ("FROM events | SORT at NULLS FIRST, tool | KEEP tool | LIMIT 1", [{"tool": "a*b"}]),
    ("FROM events | SORT depth DESC, tool | KEEP tool | LIMIT 2", [{"tool": "a*b"}, {"tool": "Read"}]),
    (
        'FROM events | EVAL d = CASE(tool == "read", [1, 9], 5) | SORT d DESC | KEEP d | LIMIT 1',
        [{"d": [1, 9]}],
    ),
    ('FROM events | EVAL d = CASE(tool == "read", [9, 1], 5) | SORT d | KEEP d | LIMIT 1', [{"d": [9, 1]}]),
    # STATS: groups of null, of several values; own filters; nothing counted is 0, nothing summed is null
    (
        "FROM events | STATS n = COUNT(*), d = COUNT(decision), s = SUM(ms) BY tags | SORT tags",
        [
            {"n": 2, "d": 2, "s": 4.0, "tags": "ops"},
            {"n": 1, "d": 1, "s": 1.5, "tags": "svc"},
            {"n": 2, "d": 0, "s": 4.0, "tags": None},
        ],
    ),
    (
        'FROM events | STATS a = COUNT(*) WHERE decision == "allow", m = MAX(ms) WHERE ms > 9, COUNT(*)',
        [{"a": 1, "m": None, "COUNT(*)": 4}],
    ),
    ("FROM events | WHERE false | STATS n = COUNT(), s = SUM(ms)", [{"n": 0, "s": None}]),
    ("FROM events | WHERE false | STATS n = COUNT(*) BY tool", []),
    (
        'ROW a = [1, 2], b = ["x", "y"] | STATS n = COUNT(a) BY a, b | SORT a, b',
        [
            {"n": 2, "a": 1, "b": "x"},
            {"n": 2, "a": 1, "b": "y"},
            {"n": 2, "a": 2, "b": "x"},
            {"n": 2, "a": 2, "b": "y"},
        ],
    ),
    ("ROW a = 1 | STATS x = MIN(a), x = MAX(a) + 1, a = SUM(a) BY a", [{"x": 2, "a": 1}]),
    ("FROM events | STATS BY match | SORT match", [{"match": False}, {"match": True}, {"match": None}]),
    (
        "FROM events | STATS v = VALUES(tags), u = COUNT_DISTINCT(tags), c = COUNT(tags), a = AVG(ms) * 3",
        [{"v": ["ops", "svc"], "u": 2, "c": 3, "a": 8.0}],
    ),
    (
        'FROM events | STATS low = MIN(depth), high = MAX(depth), t = TOP(depth, 2, "desc")',
        [
            {"low": 1, "high": 7, "t": [5, 7]},
        ],
    ),
    # INLINE STATS: every row stays, null finds its group
    (
        "FROM events | INLINE STATS n = COUNT(*) BY decision | KEEP tool, n, decision | SORT tool",
        [
            {"tool": "Read", "n": 1, "decision": "deny"},
            {"tool": "a*b", "n": 2, "decision": None},
            {"tool": "read", "n": 1, "decision": "allow"},
            {"tool": "write", "n": 2, "decision": None},
        ],
    ),
    ("ROW a = [1, 2] | MV_EXPAND a | INLINE STATS m = MAX(a) | SORT a", [{"a": 1, "m": 2}, {"a": 2, "m": 2}]),
    # MV_EXPAND: one row a value, null keeps its row
    (
        "FROM events | MV_EXPAND tags | KEEP tool, tags | SORT tool, tags",
        [
            {"tool": "Read", "tags": "ops"},
            {"tool": "a*b", "tags": None},
            {"tool": "read", "tags": "ops"},
            {"tool": "read", "tags": "svc"},
            {"tool": "write", "tags": None},
        ],
    ),
    # LOOKUP JOIN: left rows stay, matches multiply, several values match nothing, columns override
    (
        "FROM events | LOOKUP JOIN owners ON tool | KEEP tool, owner, depth | SORT tool, owner",
        [
            {"tool": "Read", "owner": None, "depth": None},
            {"tool": "a*b", "owner": None, "depth": None},
            {"tool": "read", "owner": "data", "depth": 9},
            {"tool": "read", "owner": "files", "depth": 8},
            {"tool": "write", "owner": None, "depth": None},
        ],
    ),
    ("FROM normal | LOOKUP JOIN roles ON f | STATS n = COUNT(*)", [{"n": 1}]),
    ('ROW tool = "read", depth = 8 | LOOKUP JOIN owners ON tool, depth | KEEP owner', [{"owner": "files"}]),
]

# queries over 10,500 rows, how many rows come back and the last of them
CUTS: list[tuple[str, int, int]] = [
    ("FROM many | SORT n", 1_000, 999),
    ("FROM many | SORT n | LIMIT 1001", 1_001, 1_000),
    ("FROM many | SORT n | LIMIT 20000", 10_000, 9_999),
    ("FROM many | STATS n = COUNT(*)", 1, 10_500),
    ("FROM many | STATS c = COUNT(*) BY n | SORT n DESC", 1_000, 9_500),
    ("FROM many | SORT n | LIMIT 10500 | STATS n = MAX(n)", 1, 10_499),
]


@pytest.mark.parametrize(("query", "rows"), ANSWERS)
def test_a_command_answers_as_documented(query: str, rows: list[dict[str, Any]]) -> None:
    assert list(run(query, INDICES, now_ms=NOW_MS)) == rows


def test_columns_stand_in_the_order_of_their_page() -> None:
    read = run("ROW a = 1, b = 2, c = 3 | EVAL a = 4 | INLINE STATS n = COUNT(*) BY b", {}, now_ms=0)
    assert list(read.columns) == ["c", "a", "n", "b"]
    read = run("ROW ab = 1, b = 2, aa = 3 | KEEP *, b, a*", {}, now_ms=0)
    assert list(read.columns) == ["b", "ab", "aa"]
    read = run("ROW name = 1, b = 2 | KEEP name*, b, na*", {}, now_ms=0)
    assert list(read.columns) == ["b", "name"]
    read = run("ROW a = 1 | STATS a = SUM(a), x = MIN(a) BY a", {}, now_ms=0)
    assert list(read.columns) == ["x", "a"]


@pytest.mark.parametrize(("query", "count", "last"), CUTS)
def test_results_are_cut_without_a_word(query: str, count: int, last: int) -> None:
    read = run(query, INDICES, now_ms=NOW_MS)
    assert (len(read), read[-1]["n"], read.warnings) == (count, last, [])


@pytest.mark.parametrize(
    "query",
    [
        "FROM many",
        "FROM many | WHERE n > 3 | LIMIT 10",
        "FROM many | EVAL m = n % 2 | SORT m | LIMIT 10",
        "FROM events | SORT tool | LOOKUP JOIN owners ON tool | LIMIT 1",
        "FROM events | LIMIT 1 | STATS MAX(depth)",
        "FROM events | SORT tool | MV_EXPAND tags | LIMIT 1",
    ],
)
def test_which_rows_a_cut_keeps_is_never_guessed(query: str) -> None:
    with pytest.raises(Undocumented, match="which, no SORT decides"):
        run(query, INDICES, now_ms=NOW_MS)
