"""Conf files: what is written is read back, and what would break out of its line is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpsoar.core.errors import Unsupported
from mcpsoar.siems.in_splunk import conf

VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.just("\n"), max_size=60)


@given(value=VALUES)
def test_a_value_is_read_back_or_refused(value: str) -> None:
    try:
        text = conf.written({"a": {"k": value, "last": "1"}}).decode()
    except Unsupported:
        return
    lines = "\n".join(line.rstrip() for line in value.split("\n"))
    assert conf.stanzas(text) == {"a": {"k": lines, "last": "1"}}


@pytest.mark.parametrize(
    "value",
    ["a\n\nb", "a\\", "a\\\nb", " a", "a ", "a\r\nb", "a\n# b", "\x00", "a\u2028b", "a\n \nb", "a\tb", "\n"],
)
def test_a_value_that_would_become_another_is_refused(value: str) -> None:
    with pytest.raises(Unsupported, match="cannot be a value"):
        conf.written({"a": {"k": value}})


@pytest.mark.parametrize("name", ["default", "", "a]", "a\nb", " a", "[a"])
def test_a_stanza_is_named_safely(name: str) -> None:
    with pytest.raises(Unsupported, match="cannot name a stanza"):
        conf.written({name: {}})


@pytest.mark.parametrize("key", ["", "a b", "a=b", "a\nb", "#a", "[a"])
def test_a_key_is_a_word(key: str) -> None:
    with pytest.raises(Unsupported, match="cannot be a key"):
        conf.written({"a": {key: "1"}})


def test_an_empty_value_is_one() -> None:
    assert conf.stanzas(conf.written({"a": {"k": ""}}).decode()) == {"a": {"k": ""}}
