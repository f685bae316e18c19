"""A hundred servers on a plane that counts calls as ContextForge does: none too many, and none too late."""

import re
import threading
import time
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import ROLES, Binding, CanaryBinding, Profile
from mcpsoar.core.run import Report
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import RunVerdict
from tests.conftest import ROOT
from tests.contract.forge import EMAIL, PASSWORD, Forge, forge

if TYPE_CHECKING:
    from collections.abc import Callable

SERVERS = tuple(f"many-{n}" for n in range(100))
TOKENS = 20
_HASTE = 20  # seconds of the clock in a second
_LONG_S = 3600.0  # of the clock: a busy machine is no slow plane
_CANARY = "token-of-the-canary"
_OF_MCP = ("/mcp", "/servers", "/tools", "/gateways")


class FastClock:
    """The time of the test, of the run and of the plane: a minute is three seconds."""

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return time.monotonic() * _HASTE

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / _HASTE)


class Gate:
    """ContextForge 1.0.7 as it comes: 100 calls of MCP and 500 others in any minute. And a quarter more:
    at this haste the delays of a busy machine are long.
    """

    def __init__(self, plane: Forge, clock: FastClock) -> None:
        self.refused: list[str] = []
        self.calls: Counter[str] = Counter()
        self._plane = plane
        self._clock = clock
        self._answer: Callable[..., tuple[int, Any]] = plane.answer
        self._windows: dict[int, deque[float]] = {125: deque(), 625: deque()}
        self._lock = threading.Lock()
        plane.answer = self.answer  # type: ignore[method-assign]  # it stands before the plane

    def answer(self, method: str, target: str, token: str, body: Any) -> tuple[int, Any]:
        limit = 125 if target.startswith(_OF_MCP) else 625
        with self._lock:
            window, now = self._windows[limit], self._clock.monotonic()
            while window and window[0] <= now - 60:
                window.popleft()
            if len(window) >= limit:
                self.refused.append(f"{method} {target}")
                return 429, {"error": "Rate limit exceeded", "limit": limit}
            window.append(now)
            self.calls["MCP" if limit == 125 else method] += 1
            return self._called(body) if target == "/mcp" else self._answer(method, target, token, body)

    def _called(self, body: Any) -> tuple[int, Any]:
        name = body["params"]["name"]
        said: dict[str, Any] = {"content": [{"type": "text", "text": "here"}]}
        if not self._plane.is_on(f"t-{name}"):
            said = {
                "isError": True,
                "content": [{"type": "text", "text": f"Tool '{name}' exists but is inactive"}],
            }
        return 200, {"jsonrpc": "2.0", "id": body["id"], "result": said}


def many(plane: Forge) -> None:
    plane.gateways = {f"g-{name}": name for name in SERVERS}
    plane.tools = {f"t-{name}-read": (f"g-{name}", True) for name in SERVERS}
    plane.tools |= {f"t-{name}-write": (f"g-{name}", False) for name in SERVERS}
    plane.servers = {f"v-{name}": f"g-{name}" for name in SERVERS[:TOKENS]}
    plane.tokens = {f"k-{name}": f"v-{name}" for name in SERVERS[:TOKENS]}
    plane.page = 100


def contained(plane: Forge, home: Path, clock: FastClock, said: list[str]) -> Report:
    options = {"login": EMAIL, "workers_s": 30.0, "timeout_s": _LONG_S}
    binding = Binding("contextforge", plane.url, Secret(PASSWORD), options)
    canary = CanaryBinding(
        f"{plane.url}/mcp",
        "{server}-read",
        {},
        Secret(_CANARY),
        every_s=10.0,
        timeout_s=_LONG_S,
        before_s=_LONG_S,
    )
    return contain.execute(
        Order(SERVERS, Direction.APPLY),
        profile=Profile(
            "forge",
            dict.fromkeys(ROLES, binding),
            canary,
            "a test",
            look_s=_LONG_S,
            retry_s=_LONG_S,
        ),
        home=home,
        pack=ROOT,
        clock=clock,
        say=said.append,
    )


def test_a_hundred_servers_stay_below_the_limits_of_their_plane(tmp_path: Path) -> None:
    clock, said = FastClock(), list[str]()
    with forge() as plane:
        many(plane)
        gate = Gate(plane, clock)
        report = contained(plane, tmp_path / "home", clock, said)
    assert gate.refused == []
    assert report.verdict is RunVerdict.CONTAINED, [(one.id, one.detail) for one in report.steps][:5]
    assert set(SERVERS) <= {one[2:] for one in plane.off if one.startswith("g-")}
    assert not [tool for tool in plane.tools if plane.is_on(tool)]
    assert plane.revoked == set(plane.tokens)
    asked_after = [call for call in plane.calls if call.startswith("GET /v1/servers/")]
    assert len(asked_after) < 5 * TOKENS, "of each token's server it is known for a while what is behind it"
    line = [line for line in said if "expected" in line][-1]
    counted = sum(int(calls) for calls in re.findall(r"(\d+) calls", line))
    assert sum(gate.calls.values()) == pytest.approx(counted, rel=0.2), line
