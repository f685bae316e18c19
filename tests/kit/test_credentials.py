"""Credentials in order: a refused one is left for the next, a change is never sent twice unasked."""

import httpx
import pytest

from mcpsoar.core.errors import Denied, Unreachable
from mcpsoar.core.secret import Secret
from mcpsoar.kit.clock import SystemClock
from mcpsoar.kit.http import Edge

FIRST, SECOND, THIRD = (Secret(f"credential-number-{number}") for number in (1, 2, 3))


class Plane:
    """Takes only some credentials, and echoes what it was sent."""

    def __init__(self, *good: Secret, status: int = 401) -> None:
        self.good = {f"Bearer {secret.reveal()}" for secret in good}
        self.status = status
        self.asked: list[tuple[str, str]] = []

    def edge(self, *tokens: Secret) -> Edge:
        return Edge(
            "https://plane.example.com",
            tokens[0],
            spares=tokens[1:],
            clock=SystemClock(),
            transport=httpx.MockTransport(self._answer),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"]
        self.asked.append((request.method, token.rpartition("-")[2]))
        if token not in self.good:
            return httpx.Response(self.status, json={"error": "unauthorized", "token": token})
        return httpx.Response(200, json={"token": token})


@pytest.mark.parametrize("status", [401, 403])
def test_a_read_goes_on_with_the_next_credential(status: int) -> None:
    plane = Plane(THIRD, status=status)
    edge = plane.edge(FIRST, SECOND, THIRD)
    edge.read("registry")
    edge.read("registry")
    assert plane.asked == [("GET", "1"), ("GET", "2"), ("GET", "3"), ("GET", "3")]


def test_a_change_is_not_repeated_behind_the_callers_back() -> None:
    plane = Plane(SECOND)
    edge = plane.edge(FIRST, SECOND)
    with pytest.raises(Unreachable, match="the next credential is used") as caught:
        edge.change("POST", "registry", "crm", "disable")
    assert caught.value.retry_after_s == 0
    assert plane.asked == [("POST", "1")]
    edge.change("POST", "registry", "crm", "disable")
    assert plane.asked[1:] == [("POST", "2")]


def test_the_last_refusal_is_a_refusal() -> None:
    plane = Plane()
    edge = plane.edge(FIRST, SECOND)
    with pytest.raises(Denied, match="401"):
        edge.read("registry")
    with pytest.raises(Denied, match="401"):
        edge.change("POST", "registry", "crm", "disable")
    assert plane.asked[-1] == ("POST", "2")


def test_no_credential_is_echoed_and_none_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    plane = Plane(SECOND)
    body = plane.edge(FIRST, SECOND).read("registry").body
    assert body == {"token": "Bearer ***"}
    assert "refused credential 1 (HTTP 401)" in caplog.text
    assert "credential-number" not in caplog.text
