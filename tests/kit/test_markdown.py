"""Somebody else's text cannot leave its code span."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpsoar.kit.markdown import code

HOSTILE = (
    "`; **done**",
    "``` \n# Contained",
    "<script>alert(1)</script>",
    "</code><img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![](https://evil.example.com/beacon.png)",
    "a | b\n---|---\nc | d",
    "@everyone see https://evil.example.com and #1",
    "\u202etxt.exe\u2066",
    "line\r\n\u2028- verdict: **contained**",
    "\x1b]0;title\x07\x00",
    "&lt;b&gt; &#96;",
    "\\`",
    "$`\\mathrm{x}`$",
    "é ü 名 🔥",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_span_is_one_and_nothing_in_it_ends_it(text: str) -> None:
    said = code(text)
    assert re.fullmatch("`[^`|<>&]+`", said)
    assert said.isprintable()


@given(st.text())
def test_every_text_is_one_span_on_one_line(text: str) -> None:
    said = code(text)
    assert re.fullmatch(r"`[^`|<>&]+`|\(empty\)", said)
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("text", ["disable:github", "HTTP 403: server 'x' is disabled", "3 % of 7; a=b"])
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert code(text) == f"`{text}`"


def test_what_is_absurdly_long_is_cut_and_says_so() -> None:
    assert code("a" * 10_000) == f"`{'a' * 400}…`"
    assert code(" \t ") == "`\\x09`"
    assert code("   ") == "(empty)"
