"""A complaint names the line where the thing stands, however the file is laid out."""

import pytest

from mcpsoar.kit.tomlplace import line

TEXT = """\
# a comment
[a.b]
one = 1

[a."x.y".look]
in_force = { pointer = "/s", is = "on" }
many = [
  { one = 1 },
  # between
  { two = "[a.b]" },
]
text = '''
[a.c]
'''
after.wards = 3
"""


@pytest.mark.parametrize(
    ("keys", "at"),
    [
        (("a", "b"), 2),
        (("a", "b", "one"), 3),
        (("a", "b", "two"), 2),
        (("a", "x.y"), 5),
        (("a", "x.y", "look", "in_force", "is"), 6),
        (("a", "x.y", "look", "many", 1, "two"), 7),
        (("a", "x.y", "look", "many", 5), 7),
        (("a", "c"), 2),
        (("a", "x.y", "look", "text"), 12),
        (("a", "x.y", "look", "after", "wards"), 15),
        (("nothing",), 1),
        ((), 1),
    ],
)
def test_a_line_is_found(keys: tuple[str | int, ...], at: int) -> None:
    assert line(TEXT, keys) == at
    assert line(TEXT.replace("\n", "\r\n"), keys) == at
