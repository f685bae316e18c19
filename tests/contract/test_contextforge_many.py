"""Many servers of one ContextForge at once: their reads are shared, and what is read back is never older
than the change.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from mcpsoar.core.ports import Connector
from mcpsoar.core.run import Observation
from mcpsoar.core.verdict import Verdict
from tests.contract.forge import Forge, forge
from tests.contract.test_contextforge import DISABLE, REVOKE, connected

MANY = tuple(f"many-{n}" for n in range(40))
_LATE_S = 0.03  # made so: between what a list says and its arrival there is time for changes


@pytest.fixture
def plane() -> Iterator[Forge]:
    """Its answers say how it was when they were asked for, and are a while under way."""
    with forge() as one:
        one.page = 500
        one.gateways = {f"g-{name}": name for name in MANY}
        one.tools = {f"t-{name}-{n}": (f"g-{name}", False) for name in MANY for n in range(2)}
        one.servers = {f"v-{name}": f"g-{name}" for name in MANY}
        one.tokens = {f"k-{name}": f"v-{name}" for name in MANY[:5]}
        one.off = {"t-many-3-1", "g-many-7"}

        plain = one.answer

        def answer(method: str, target: str, token: str, body: Any) -> tuple[int, Any]:
            said = plain(method, target, token, body)
            time.sleep(_LATE_S)
            return said

        one.answer = answer  # type: ignore[method-assign]
        yield one


@pytest.fixture
def connector(plane: Forge) -> Iterator[Connector]:
    made = connected(plane.url, settle_s=0.001)
    yield made
    made.close()


def at_once(work: Callable[[str], Any]) -> dict[str, Any]:
    """By server; all of them begin at the same time."""
    gate = threading.Barrier(len(MANY))

    def begun(name: str) -> Any:
        gate.wait()
        return work(name)

    with ThreadPoolExecutor(len(MANY)) as threads:
        return dict(zip(MANY, threads.map(begun, MANY), strict=True))


def gets(plane: Forge) -> Counter[str]:
    """Reads by the kind of what was read."""
    return Counter(call.split("/")[2] for call in plane.calls if call.startswith("GET "))


def test_looks_at_many_cost_little_more_than_looks_at_one(plane: Forge, connector: Connector) -> None:
    found = at_once(lambda name: connector.baseline(replace(DISABLE, server=name)))
    assert {name: was.facts["gateway"] for name, was in found.items()} == {n: f"g-{n}" for n in MANY}
    assert [name for name, was in found.items() if was.in_force] == ["many-7"]
    assert {name: was.facts["tools_off"] for name, was in found.items() if was.facts["tools_off"]} == {
        "many-3": ["t-many-3-1"]
    }
    looked = at_once(lambda name: connector.baseline(replace(REVOKE, server=name)))
    assert [name for name, was in looked.items() if not was.in_force] == list(MANY[:5])
    assert gets(plane).total() < 25, gets(plane)


def test_what_is_read_back_was_read_after_the_change(plane: Forge, connector: Connector) -> None:
    """Each look is one alone (nothing settles): of a list that began before its change it would say no."""

    def contained(name: str) -> Observation:
        step = replace(DISABLE, server=name)
        connector.apply(step, None, "key")
        return connector.verify(step)

    seen = at_once(contained)
    assert {one.verdict for one in seen.values()} == {Verdict.YES}
    plane.calls.clear()
    at_once(lambda name: connector.verify(replace(DISABLE, server=name)))
    assert gets(plane)["gateways"] < len(MANY) / 2, "many read-backs are one list"


def test_tokens_are_read_back_after_they_are_revoked(plane: Forge, connector: Connector) -> None:
    def revoked(name: str) -> Observation:
        step = replace(REVOKE, server=name)
        connector.apply(step, connector.baseline(step), "key")
        return connector.verify(step)

    seen = at_once(revoked)
    assert {one.verdict for one in seen.values()} == {Verdict.YES}
    assert plane.revoked == set(plane.tokens)
    assert gets(plane)["tokens"] < len(MANY)


def test_a_look_after_our_own_change_is_no_old_one(connector: Connector) -> None:
    at_once(lambda name: connector.baseline(replace(DISABLE, server=name)))
    at_once(lambda name: connector.apply(replace(DISABLE, server=name), None, "key"))
    found = at_once(lambda name: connector.baseline(replace(DISABLE, server=name)))
    assert all(was.in_force for was in found.values())


def test_an_entry_that_no_list_has_is_asked_alone(plane: Forge, connector: Connector) -> None:
    at_once(lambda name: connector.baseline(replace(DISABLE, server=name)))
    del plane.gateways["g-many-9"]
    seen = at_once(lambda name: connector.verify(replace(DISABLE, server=name)))
    assert seen["many-9"].verdict is Verdict.CANNOT_TELL
    assert "404" in seen["many-9"].detail


def test_one_entry_is_switched_after_the_other(plane: Forge, connector: Connector) -> None:
    """On SQLite each takes five seconds: of forty at once most would run out of time in the plane."""
    at_work, most = list[str](), list[int]()
    plain = plane.answer

    def answer(method: str, target: str, token: str, body: Any) -> tuple[int, Any]:
        if not target.startswith("/v1/gateways/") or method != "POST":
            return plain(method, target, token, body)
        at_work.append(target)
        most.append(len(at_work))
        said = plain(method, target, token, body)
        at_work.remove(target)
        return said

    plane.answer = answer  # type: ignore[method-assign]
    at_once(lambda name: connector.apply(replace(DISABLE, server=name), None, "key"))
    assert most == [1] * len(MANY)
