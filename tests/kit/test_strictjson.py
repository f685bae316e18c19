"""One meaning per text; what is wrong is said of what was read."""

import pytest

from mcpsoar.core.errors import Malformed
from mcpsoar.kit import strictjson


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"\xff", "the line is not UTF-8"),
        (b"{", "the line is not JSON"),
        (b'{"a":1,"a":2}', "the line is not plain JSON: a key stands twice"),
        (b'{"the answer":NaN}', "the line is not plain JSON: NaN is no number"),
        (b"[1e999]", "the line is not plain JSON: a number is out of range"),
        (b'"\\ud800"', "the line is not plain JSON: a string holds half a character"),
        (b"[" * 65 + b"]" * 65, "the line is not plain JSON: it is nested too deeply"),
        (b"[" * 200_000, "the line is nested too deeply"),
    ],
)
def test_what_is_wrong_is_said_of_what_was_read(text: bytes, why: str) -> None:
    with pytest.raises(Malformed) as caught:
        strictjson.parse(text, noun="the line")
    assert caught.value.message == why


def test_what_nobody_named_is_an_answer() -> None:
    with pytest.raises(Malformed, match="host: the answer is not JSON"):
        strictjson.parse(b"{", where="host")
