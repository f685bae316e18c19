"""Laws of the SPL oracle: a condition printed with as few parentheses as its command allows means itself."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.languages.spl import run

Tree = Any  # a field's name, ("NOT", tree) or ("AND" or "OR", tree, tree)
TREE: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from("abc"),
    lambda below: st.one_of(
        st.tuples(st.just("NOT"), below), st.tuples(st.sampled_from(["AND", "OR"]), below, below)
    ),
    max_leaves=8,
)
TEXT = st.text(max_size=6).filter(lambda text: "`" not in text)  # macros in quotes are refused
ROW = st.fixed_dictionaries({name: st.sampled_from("01") for name in "abc"})
SEARCH = {"NOT": 3, "OR": 2, "AND": 1}
WHERE = {"NOT": 3, "AND": 2, "OR": 1}


def printed(tree: Tree, binds: dict[str, int], conjunction: str = " AND ") -> str:
    """The tree in the words of a command whose operators bind in that order."""
    if isinstance(tree, str):
        return f"{tree}=1"
    operator, *parts = tree
    texts = [
        f"({text})" if not isinstance(part, str) and binds[part[0]] < binds[operator] else text
        for part in parts
        for text in [printed(part, binds, conjunction)]
    ]
    if operator == "NOT":
        return f"NOT {texts[0]}"
    return (conjunction if operator == "AND" else " OR ").join(texts)


def holds(tree: Tree, row: dict[str, str]) -> bool:
    if isinstance(tree, str):
        return row[tree] == "1"
    if tree[0] == "NOT":
        return not holds(tree[1], row)
    return (all if tree[0] == "AND" else any)(holds(part, row) for part in tree[1:])


@settings(max_examples=200, deadline=None)
@given(tree=TREE, row=ROW)
def test_a_condition_means_itself_in_either_language(tree: Tree, row: dict[str, str]) -> None:
    event = {"_time": 1, "_indextime": 1, **row}
    for query in (
        printed(tree, SEARCH),
        printed(tree, SEARCH, " "),
        f"* | where {printed(tree, WHERE)}",
        f"* | eval v=if({printed(tree, WHERE)}, 1, 0) | search v=1",
        f"* | stats count(eval({printed(tree, WHERE)})) AS n | where n=1",
    ):
        assert bool(run(query, [event], now_ms=0)) is holds(tree, row), query


@settings(max_examples=200, deadline=None)
@given(value=TEXT, other=TEXT)
def test_a_quoted_text_is_itself(value: str, other: str) -> None:
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    for text in (value, other):
        event = {"_time": 1, "_indextime": 1, "f": text}
        assert bool(run(f'* | where f.""={quoted}', [event], now_ms=0)) is (text == value)
    if "*" not in value:
        assert run(f"f={quoted}", [event | {"f": value}], now_ms=0)
