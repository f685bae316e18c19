"""The law of the bridge: any detection means in SQL, on two engines, what plain Python says it means."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mcpsoar.targets.bridge import tree
from mcpsoar.targets.rule import reading
from tests.targets.evaluator import COLUMNS, holds, on_duckdb, on_sqlite, rule, spelled

NAMES = ("a", "b", "filter_1", "filter_2")
ALPHABET = "aAbBxu1%_!\\*?'\"[ ]{}^-\n\v\té中\U0001f600"
WRITTEN = st.text(alphabet=ALPHABET, max_size=5)
STORED = st.text(alphabet=ALPHABET, min_size=1, max_size=6).filter(lambda text: bool(text.strip()))
ENUM = st.sampled_from(["read", "write", "destructive"])
CASE = st.sampled_from(["", "|cased"])


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


EVENT = st.fixed_dictionaries(
    {
        "tool_name": maybe(STORED),
        "server_name": maybe(STORED),
        "action_class": maybe(ENUM),
        "audience_match": maybe(st.booleans()),
        "chain_depth": maybe(st.integers(-3, 12)),
        "latency_ms": maybe(st.sampled_from([0.0, 0.5, 8.0, 12.25])),
    }
)


@st.composite
def text_item(draw: st.DrawFn) -> tuple[str, Any]:
    field = draw(st.sampled_from(["tool_name", "server_name"]))
    search = draw(st.sampled_from(["", "|contains", "|startswith", "|endswith"]))
    values = draw(st.lists(WRITTEN, min_size=1, max_size=3))
    every = draw(st.sampled_from(["", "|all"])) if len(values) > 1 else ""
    return f"{field}{search}{draw(CASE)}{every}", values


ITEM: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    text_item(),
    st.tuples(
        st.sampled_from(["tool_name", "server_name", "no_such_column"]),
        maybe(STORED.map(lambda s: s.replace("\\", ""))),
    ),
    st.tuples(st.just("action_class"), st.lists(ENUM.map(str.upper), min_size=1, max_size=2)),
    st.tuples(
        st.sampled_from(["action_class|exists", "chain_depth|exists", "tool_name|exists"]), st.booleans()
    ),
    st.tuples(st.just("audience_match"), maybe(st.booleans())),
    st.tuples(
        st.sampled_from([f"chain_depth|{name}" for name in ("gt", "gte", "lt", "lte")]), st.integers(-3, 12)
    ),
    st.tuples(st.sampled_from(["latency_ms|gte", "latency_ms"]), st.sampled_from([0.5, 8, 12.25])),
    st.tuples(st.just("chain_depth|neq"), st.integers(-3, 12)),
)
SELECTION = st.one_of(
    st.lists(ITEM, min_size=1, max_size=3).map(dict),
    st.lists(st.lists(ITEM, min_size=1, max_size=2).map(dict), min_size=1, max_size=2),
)
CONDITION = st.recursive(
    st.one_of(
        st.sampled_from(NAMES),
        st.tuples(st.just("of"), st.booleans(), st.sampled_from(["filter_*", "a*", "*"])),
    ),
    lambda below: st.one_of(
        st.tuples(st.just("not"), below),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(below, min_size=2, max_size=3)),
    ),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None)
@given(
    selections=st.fixed_dictionaries(dict.fromkeys(NAMES, SELECTION)),
    condition=CONDITION,
    events=st.lists(EVENT, min_size=1, max_size=6),
)
def test_any_detection_means_the_same_on_both_engines_and_in_python(
    selections: dict[str, Any], condition: Any, events: list[dict[str, Any]]
) -> None:
    parsed = reading.read(rule({**selections, "condition": spelled(condition)}))
    predicate = tree.build(parsed, COLUMNS)
    expected = [holds(selections, condition, event) for event in events]
    assert on_duckdb(predicate, events) == expected
    assert on_sqlite(predicate, events) == expected
