"""What a token is called in an exposure: its name is somebody's to choose, and stays one name."""

import pytest

from mcpsoar.connectors.in_contextforge.token_list import Token


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ci of agent-a", "token 77 (ci of agent-a)"),
        ("a), is revoked (b", 'token 77 ("a), is revoked (b")'),
        ('a"), until never (b', r'token 77 ("a\x22), until never (b")'),
        ('"a"', r'token 77 ("\x22a\x22")'),
    ],
)
def test_a_name_ends_where_it_ends(name: str, words: str) -> None:
    assert Token("77", name, "a@example.com", None, None, is_active=True).words == words
