"""The real ContextForge runs here, and does what containment has to face, whatever its answers say."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.live.peers.contextforge import Store, contextforge, why_none
from tests.live.peers.forge_ground import Behind, Ground, ground
from tests.live.peers.upstreams import READ, SLOW, WRITE, Upstream, upstream

_NOTES = (f"note-{one}" for one in count(1))
_CACHED_S = 60  # TOOL_LOOKUP_CACHE_TTL_SECONDS: how long a worker believes what it looked up
_PAGE = 50  # PAGINATION_DEFAULT_PAGE_SIZE
_LOCKING = 5  # RATE_LIMIT_LOCKOUT_THRESHOLD


@contextmanager
def _ground(
    folder: Path, store: Store = "sqlite", *, workers: int = 1, limits: bool = False
) -> Iterator[Ground]:
    why = why_none(store)
    if why is not None:
        pytest.skip(why)
    with contextforge(folder, store=store, workers=workers, limits=limits) as forge:
        yield ground(forge)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with _ground(tmp_path_factory.mktemp("forge")) as one:
        yield one


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    with upstream(tmp_path_factory.mktemp("upstream")) as one:
        yield one


@pytest.fixture
def behind(plane: Ground, files: Upstream) -> Behind:
    return plane.register(f"files-{next(_NOTES)}", files)


def _ran(plane: Ground, behind: Behind, tool: str, truth: Upstream) -> dict[str, int]:
    """By each road, how often the upstream executed one call."""
    ran = {}
    for road, path in plane.routes(behind).items():
        note = next(_NOTES)
        assert plane.call(behind, tool, note, path=path).status_code == 200
        ran[road] = truth.ran(tool, note)
    return ran


def test_the_switch_of_the_gateway_stops_each_road_until_it_is_undone(
    plane: Ground, behind: Behind, files: Upstream
) -> None:
    every = {"server": 1, "global": 1, "rpc": 1}
    assert _ran(plane, behind, WRITE, files) == every
    plane.switch("gateways", behind.gateway_id, activate=False)
    assert _ran(plane, behind, WRITE, files) == dict.fromkeys(every, 0)
    refused = plane.call(behind, READ, "", path="/mcp").json()["result"]
    assert refused["isError"]
    assert "exists but is inactive" in refused["content"][0]["text"]
    plane.switch("gateways", behind.gateway_id, activate=True)
    assert _ran(plane, behind, WRITE, files) == every


def test_the_switch_of_the_virtual_server_stops_nothing(
    plane: Ground, behind: Behind, files: Upstream
) -> None:
    assert plane.switch("servers", behind.server_id, activate=False)["enabled"] is False
    assert _ran(plane, behind, WRITE, files) == {"server": 1, "global": 1, "rpc": 1}


def test_enabling_a_gateway_thaws_its_frozen_tools(plane: Ground, behind: Behind, files: Upstream) -> None:
    plane.switch("tools", behind.tool_ids[WRITE], activate=False)
    assert not any(_ran(plane, behind, WRITE, files).values())
    assert all(_ran(plane, behind, READ, files).values())
    plane.switch("gateways", behind.gateway_id, activate=False)
    plane.switch("gateways", behind.gateway_id, activate=True)
    assert all(_ran(plane, behind, WRITE, files).values())


def test_a_scoped_token_works_on_every_road_and_dies_on_every_road(plane: Ground, behind: Behind) -> None:
    token_id, token = plane.token(f"agent-{next(_NOTES)}", behind)
    roads = plane.routes(behind).values()
    assert [plane.call(behind, READ, "", path=one, token=token).status_code for one in roads] == [200] * 3
    plane.said("DELETE", f"/v1/tokens/admin/{token_id}", {"reason": "a test"})
    refused = [plane.call(behind, READ, "", path=one, token=token) for one in roads]
    assert [(one.status_code, one.json()) for one in refused] == [
        (401, {"detail": "Token has been revoked"})
    ] * 3


def test_two_reads_of_a_revoked_token_disagree(plane: Ground) -> None:
    token_id, token = plane.token(f"agent-{next(_NOTES)}")
    assert plane.forge.ask("GET", "/v1/tokens/admin/all", token=token).status_code == 403
    plane.said("DELETE", f"/v1/tokens/admin/{token_id}", {"reason": "a test"})
    own = plane.said("GET", f"/v1/tokens/{token_id}")
    listed = plane.said("GET", "/v1/tokens/admin/all?include_inactive=true")["tokens"]
    (by_admin,) = (one for one in listed if one["id"] == token_id)
    assert (own["is_active"], own["is_revoked"]) == (False, False)
    assert (by_admin["is_active"], by_admin["is_revoked"]) == (False, True)


def test_a_call_in_flight_is_executed_after_the_switch(
    plane: Ground, behind: Behind, files: Upstream
) -> None:
    note = next(_NOTES)
    caller = threading.Thread(target=plane.call, args=(behind, SLOW, note), kwargs={"path": "/mcp"})
    caller.start()
    while not files.began(note):
        time.sleep(0.05)
    plane.switch("gateways", behind.gateway_id, activate=False)
    assert not files.ran(SLOW, note)
    caller.join()
    assert files.ran(SLOW, note) == 1


def test_a_dead_upstream_is_told_in_other_words_than_a_block(plane: Ground, tmp_path: Path) -> None:
    with upstream(tmp_path) as dying:
        behind = plane.register(f"files-{next(_NOTES)}", dying)
    told = {
        road: plane.call(behind, READ, "", path=path).json() for road, path in plane.routes(behind).items()
    }
    assert told["rpc"]["error"]["code"] == -32603
    for road in ("server", "global"):
        assert "connection attempts failed" in told[road]["result"]["content"][0]["text"]
    assert plane.said("GET", f"/v1/gateways/{behind.gateway_id}")["reachable"]


def test_a_bare_list_is_cut_at_a_page_and_does_not_say_so(plane: Ground, files: Upstream) -> None:
    ids = {one.gateway_id for one in plane.register_many(_PAGE + 1, [files])}
    assert len(plane.said("GET", "/v1/gateways?include_inactive=true")) == _PAGE
    assert len(plane.said("GET", "/v1/tools?include_inactive=true")) == _PAGE
    listed, cursor = set(), ""
    while True:
        path = f"/v1/gateways?include_inactive=true&include_pagination=true&limit=20{cursor}"
        page = plane.said("GET", path)
        listed |= {one["id"] for one in page["gateways"]}
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={quote(page['nextCursor'])}"
    assert ids <= listed


def test_with_two_workers_calls_go_on_after_the_switch_for_a_while(tmp_path: Path, files: Upstream) -> None:
    with _ground(tmp_path, "postgresql", workers=2) as plane:
        behind = plane.register("files", files)
        for _ in range(20):  # a worker that never looked a tool up has nothing stale
            _ran(plane, behind, WRITE, files)
        plane.switch("gateways", behind.gateway_id, activate=False)
        off = last = time.monotonic()
        while time.monotonic() - off < _CACHED_S + 10:
            asked = time.monotonic()
            if any(_ran(plane, behind, WRITE, files).values()):
                last = asked
            time.sleep(0.5)
        assert 0 < last - off <= _CACHED_S


def test_at_its_default_limits_fast_probes_lock_everybody_out(tmp_path: Path, files: Upstream) -> None:
    with _ground(tmp_path, limits=True) as plane:
        behind = plane.register("files", files)
        within = plane.call(behind, READ, "", path="/mcp")
        assert within.headers["X-RateLimit-Limit"] == "100"
        refused = 0
        with ThreadPoolExecutor(8) as pool:  # one after another they may be too slow for the limit
            while refused < _LOCKING:
                calls = [pool.submit(plane.call, behind, READ, "", path="/mcp") for _ in range(8)]
                refused += sum(call.result().status_code == 429 for call in calls)
        assert "Account locked" in plane.call(behind, READ, "", path="/rpc").text
        locked = plane.forge.ask("GET", "/health")
        assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900"), locked.text
