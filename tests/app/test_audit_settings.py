"""Who signs, as settings say it: read without a key, complained of by file and line."""

from pathlib import Path

import pytest

from mcpsoar.app.audit_settings import of_profile
from mcpsoar.app.settings import Asked, load
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Signing

TEXT = """
[profiles.prod]
api = "https://control-plane.example.com"
token = { env = "NOT_SET" }

[profiles.prod.audit]
key = { file = "/no/such/key" }
identity = "oncall@example.com"
allowed_signers = "/no/such/signers"

[profiles.test]
api = "https://test.example.com"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "mcpsoar.toml"
    path.write_text(TEXT)
    return path


def test_neither_key_nor_token_is_looked_for(config: Path) -> None:
    found = of_profile(config, None, "prod", {"SSH_AUTH_SOCK": "/run/agent"})
    assert found == Signing(
        "/no/such/key",
        is_file=True,
        identity="oncall@example.com",
        allowed_signers="/no/such/signers",
        agent="/run/agent",
        where=f"{config}:6",
    )
    assert load(Asked(config=str(config), profile="prod"), {"NOT_SET": "set"}).profile.audit is not None


def test_a_run_s_own_profile_may_be_gone_and_one_that_is_named_may_not(config: Path) -> None:
    assert of_profile(config, None, "gone", {}) is None
    assert of_profile(config, None, "test", {}) is None
    assert of_profile(config, "test", "prod", {}) is None
    with pytest.raises(Usage, match="no profile 'gone'"):
        of_profile(config, "gone", "prod", {})


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('{ file = "/no/such/key" }', '"-----BEGIN hunter2"', 7, "a key is named, not written"),
        ('{ file = "/no/such/key" }', "{ file = 7 }", 7, "a key is named"),
        ('{ file = "/no/such/key" }', '{ file = "a", agent = "b" }', 7, "a key is named"),
        ('{ file = "/no/such/key" }', '{ agent = " " }', 7, "a key is named"),
        ('{ file = "/no/such/key" }', '{ env = "KEY" }', 7, "a key is named"),
        ('key = { file = "/no/such/key" }', "", 6, "a key is named"),
        ('"oncall@example.com"', '"on call"', 8, "identity is one word"),
        ('"oncall@example.com"', '"*"', 8, "identity is one word"),
        ('"oncall@example.com"', '"!oncall"', 8, "identity is one word"),
        ('"oncall@example.com"', "[]", 8, "identity is one word"),
        ('"/no/such/signers"', "[]", 9, "allowed_signers is the path"),
        ("identity =", "identitty =", 8, "unknown key 'identitty'"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_the_key(
    config: Path, old: str, new: str, line: int, words: str
) -> None:
    assert TEXT.count(old) == 1
    config.write_text(TEXT.replace(old, new))
    for read in (
        lambda: of_profile(config, None, "prod", {}),
        lambda: load(Asked(config=str(config), profile="prod"), {"NOT_SET": "set"}),
    ):
        with pytest.raises(Usage, match=words) as caught:
            read()
        assert caught.value.where == f"{config}:{line}"
        assert "hunter2" not in str(caught.value)
