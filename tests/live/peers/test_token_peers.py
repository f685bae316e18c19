"""Real token services and resource servers run here: what a revocation ends, and who may ask for it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.live.peers import canaille, keycloak, oidc_provider
from tests.live.peers.keycloak import Keycloak
from tests.live.peers.oidc_provider import JWT, OPAQUE, TokenService
from tests.live.peers.resource_servers import Kind, Trust, called, resource_server
from tests.live.peers.upstreams import WRITE, Upstream

_CACHED_S = 15.0  # longer than a busy machine takes for the calls before the revocation and after it


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenService]:
    why = oidc_provider.why_none()
    if why is not None:
        pytest.skip(why)
    with oidc_provider.oidc_provider(tmp_path_factory.mktemp("oidc-provider")) as one:
        yield one


@pytest.fixture(scope="module")
def servers(
    service: TokenService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Kind, Upstream]]:
    """A resource server of each kind."""
    folder = tmp_path_factory.mktemp("resource-servers")
    asks = Trust(
        service.url, OPAQUE, f"{service.url}/token/introspection", (service.runner.id, service.runner.secret)
    )
    reads = Trust(service.url, JWT, f"{service.url}/jwks")
    with ExitStack() as held:
        yield {
            "introspecting": held.enter_context(resource_server(folder, "introspecting", asks)),
            "caching": held.enter_context(resource_server(folder, "caching", asks, cache_s=_CACHED_S)),
            "local_jwt": held.enter_context(resource_server(folder, "local_jwt", reads)),
        }


def test_what_a_revocation_ends_is_the_resource_servers_business(
    service: TokenService, servers: dict[Kind, Upstream]
) -> None:
    owner = service.clients[0]
    opaque, jwt = service.token(owner, OPAQUE), service.token(owner, JWT)
    held: dict[Kind, str] = {"introspecting": opaque, "caching": opaque, "local_jwt": jwt}
    for kind, token in held.items():
        assert called(servers[kind], WRITE, kind, token).status_code == 200
        assert servers[kind].ran(WRITE, kind) == 1
    asked = time.monotonic()
    assert service.post("/token/revocation", owner, token=opaque).status_code == 200
    assert service.post("/token/revocation", owner, token=jwt).status_code == 400
    assert called(servers["introspecting"], WRITE, "after", opaque).status_code == 401
    while called(servers["caching"], WRITE, "after", opaque).status_code == 200:
        assert time.monotonic() - asked < 10 * _CACHED_S
        time.sleep(0.05)
    assert servers["caching"].ran(WRITE, "after") > 0
    assert called(servers["local_jwt"], WRITE, "after", jwt).status_code == 200


def test_a_token_for_another_resource_is_refused(
    service: TokenService, servers: dict[Kind, Upstream]
) -> None:
    token = service.token(service.clients[0], JWT)
    assert called(servers["introspecting"], WRITE, "other", token).status_code == 401


def test_only_its_own_client_may_revoke_and_the_answer_is_no_evidence(service: TokenService) -> None:
    owner, other = service.clients
    held, others = service.token(owner, OPAQUE), service.token(other, OPAQUE)
    assert service.post("/token/revocation", service.runner, token=held).status_code == 400
    assert service.introspected(held).json()["active"]
    assert service.post("/token/revocation", owner, token="never issued").status_code == 200
    for _ in range(2):
        assert service.post("/token/revocation", owner, token=held).status_code == 200
    assert service.introspected(held).json() == {"active": False}
    assert service.introspected(others).json()["aud"] == OPAQUE


def test_a_jwt_is_neither_introspected_nor_kept(service: TokenService) -> None:
    service.token(service.clients[0], JWT)
    refused = service.introspected(service.token(service.clients[0], JWT))
    assert (refused.status_code, refused.json()["error"]) == (400, "unsupported_token_type")
    assert JWT not in [one.get("aud") for one in service.stored()]


def test_a_refresh_token_takes_the_access_tokens_of_its_grant_along(service: TokenService) -> None:
    owner = service.clients[0]
    bought = service.refreshed(owner, service.refresh_token(owner, OPAQUE))
    assert service.introspected(bought["access_token"]).json()["aud"] == OPAQUE
    service.post("/token/revocation", owner, token=bought["refresh_token"]).raise_for_status()
    assert service.introspected(bought["access_token"]).json() == {"active": False}
    again = service.post("/token", owner, grant_type="refresh_token", refresh_token=bought["refresh_token"])
    assert again.json()["error"] == "invalid_grant"


def test_canaille_lists_by_audience_and_calls_a_token_of_none_inactive(tmp_path: Path) -> None:
    why = canaille.why_none()
    if why is not None:
        pytest.skip(why)
    with canaille.canaille(tmp_path) as service:
        tokens = [service.token(one) for one in service.clients]
        assert service.introspected(service.token(service.lone)).json() == {"active": False}
        assert all(service.introspected(one).json()["active"] for one in tokens)
        listed = service.command("get", "token", "--audience", service.rs.row)
        assert {one["access_token"] for one in listed} == set(tokens)
        (first,) = (one["id"] for one in listed if one["access_token"] == tokens[0])
        service.command("set", "token", first, "--revokation-date", datetime.now(UTC).isoformat())
        assert [service.introspected(one).json()["active"] for one in tokens] == [False, True]


@pytest.fixture(scope="module")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    why = keycloak.why_none()
    if why is not None:
        pytest.skip(why)
    with keycloak.keycloak(tmp_path_factory.mktemp("keycloak")) as one:
        yield one


def test_keycloak_ends_a_clients_tokens_by_its_not_before(realm: Keycloak) -> None:
    first, second = realm.clients
    held, others = realm.token(first), realm.token(second)
    assert realm.introspected(held).json()["active"]
    # a token of this very second would survive its own second
    off = {"notBefore": int(time.time()) + 1}
    assert realm.ask("PUT", f"/clients/{first.row}", off).status_code == 204
    assert realm.ask("GET", f"/clients/{first.row}").json()["notBefore"] == off["notBefore"]
    assert realm.introspected(held).json() == {"active": False}
    assert realm.introspected(others).json()["active"]
    # who puts the old value back revives what was ended
    assert realm.ask("PUT", f"/clients/{first.row}", {"notBefore": 0}).status_code == 204
    assert realm.introspected(held).json()["active"]


def test_keycloak_calls_a_token_inactive_to_whom_it_is_not_for(realm: Keycloak) -> None:
    outsider = realm.clients[1]
    told = realm.post("/token/introspect", outsider, token=realm.token(realm.clients[0]))
    assert told.json() == {"active": False}
