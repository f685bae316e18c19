"""Canonical JSON and the chain."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpsoar.core.digest import GENESIS, canonical, chained, digest, effect_key

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), values, max_size=5))
def test_a_digest_ignores_key_order(value: dict[str, object]) -> None:
    assert digest(value) == digest(dict(reversed(list(value.items()))))


@given(values)
def test_canonical_text_reads_back_as_the_same_value(value: object) -> None:
    assert json.loads(canonical(value).decode("utf-8", "surrogatepass")) == value


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))


def test_a_link_covers_its_body_and_what_came_before() -> None:
    first = chained(GENESIS, {"a": 1})
    assert len({first, chained(GENESIS, {"a": 2}), chained(first, {"a": 1})}) == 3


def test_an_undo_is_no_replay_of_its_apply() -> None:
    assert effect_key("run", "step", "apply") != effect_key("run", "step", "undo")
