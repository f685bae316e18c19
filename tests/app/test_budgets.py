"""Budgets of a profile: one for each host, with what its connectors declare and what the profile says."""

from pathlib import Path

import pytest

from mcpsoar.app import settings
from mcpsoar.app.budgets import budgeted, tiers
from mcpsoar.app.settings import Asked
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Profile
from mcpsoar.kit.budget import Budget, budget_of
from tests.contain.fakes import FakeClock

FORGE = """
[profiles.prod.plane]
connector = "contextforge"
url = "https://gateway.example.com/forge"
{plane}
[profiles.prod.canary]
url = "https://Gateway.example.com:443/forge/servers/{{server}}/mcp"
tool = "ping"
{canary}
[profiles.prod.canary.routes.rpc]
url = "https://gateway.example.com/forge/rpc"
tool = "{{server}}-ping"
[profiles.prod.canary.routes.behind]
url = "https://upstream.example.com/{{server}}/mcp"
tool = "ping"
"""
HOST = "gateway.example.com"


def profile(folder: Path, text: str) -> Profile:
    path = folder / "mcpsoar.toml"
    path.write_text(text)
    return settings.load(Asked(config=str(path)), {}).profile


def limits(found: Profile, *paths: str) -> list[int]:
    """What is allowed in a minute, of calls by each of these paths."""
    of = tiers(found, HOST)
    return [max(of, key=lambda tier: tier.fit(path)).calls for path in paths]


def test_every_call_to_a_host_passes_the_same_budget(tmp_path: Path) -> None:
    found = budgeted(
        profile(tmp_path, FORGE.format(plane="", canary="")), clock=FakeClock(), tell=lambda _: None
    )
    at: dict[str, Budget | None] = {name: budget_of(one.network) for name, one in found.canaries.items()}
    assert at["canary"] is at["canary.rpc"] is budget_of(found.roles["registry"].network) is not None
    assert at["canary.behind"] is not at["canary"]
    assert at["canary.behind"] is not None
    assert at["canary.behind"].tiers == (), "nobody knows its limit"


def test_a_connector_knows_the_limits_of_its_plane(tmp_path: Path) -> None:
    found = profile(tmp_path, FORGE.format(plane="", canary=""))
    paths = (
        "/forge/servers/9f/mcp",
        "/forge/mcp",
        "/forge/v1/gateways",
        "/forge/v1/servers/9f",
        "/forge/rpc",
    )
    assert limits(found, *paths) == [90, 90, 450, 450, 450]


def test_a_profile_knows_better(tmp_path: Path) -> None:
    text = FORGE.format(plane="calls_per_minute = 2000", canary="calls_per_minute = 300")
    assert limits(profile(tmp_path, text), "/forge/mcp", "/forge/v1/gateways") == [300, 2000]


def test_two_limits_of_one_host_are_the_smaller_one(tmp_path: Path) -> None:
    text = """
[profiles.prod]
api = "https://gateway.example.com"
calls_per_minute = 400
[profiles.prod.canary]
url = "https://gateway.example.com/mcp/{server}"
tool = "ping"
calls_per_minute = 200
"""
    found = tiers(profile(tmp_path, text), HOST)
    assert [tier.calls for tier in found] == [200]
    assert found[0].kept, "writes go there too"


def test_without_a_limit_there_is_none(tmp_path: Path) -> None:
    assert tiers(profile(tmp_path, '[profiles.prod]\napi = "https://gateway.example.com"\n'), HOST) == ()


@pytest.mark.parametrize("said", ["9", "0", "true", "60.5", '"many"'])
def test_a_limit_that_is_none_is_refused_with_its_line(tmp_path: Path, said: str) -> None:
    text = FORGE.format(plane=f"calls_per_minute = {said}", canary="")
    with pytest.raises(Usage, match=r"toml:5: calls_per_minute must be a whole number, 10 or more"):
        profile(tmp_path, text)


def test_a_limit_of_nothing_is_refused(tmp_path: Path) -> None:
    text = (
        "[profiles.prod]\ncalls_per_minute = 400\n[profiles.prod.registry]\nurl = 'https://a.example.com'\n"
    )
    with pytest.raises(Usage, match=r"toml:2: this calls_per_minute goes with an api"):
        profile(tmp_path, text)
