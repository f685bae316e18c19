"""A change that was turned away changed nothing, by whatever name its journal has it."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import mcpsoar.connectors
import mcpsoar.contain
import mcpsoar.kit
from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.contain import ledger
from mcpsoar.core.errors import BadContent, Denied, Trouble, Unreachable, Unsupported, Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict
from mcpsoar.kit.status import Unknown
from tests.conftest import ROOT
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

HARMLESS = (Denied, Unreachable, Unsupported, Usage)


def kinds(of: type[Trouble]) -> set[type[Trouble]]:
    return {of}.union(*(kinds(kind) for kind in of.__subclasses__()))


def test_each_kind_of_a_harmless_trouble_is_harmless_by_its_own_name() -> None:
    for package in (mcpsoar.connectors, mcpsoar.contain, mcpsoar.kit):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    ours = {kind for kind in kinds(Trouble) if kind.__module__.startswith(("mcpsoar.core", "mcpsoar.kit"))}
    ours |= {kind for kind in kinds(Trouble) if kind.__module__.startswith("mcpsoar.conne")}
    # of a file of ours, which is read before anything is sent
    harmless = {kind.__name__ for kind in ours - {BadContent} if issubclass(kind, HARMLESS)}
    assert harmless == set(ledger._NOTHING_DONE)


@pytest.mark.parametrize("kind", [Denied, Unknown, Unreachable, Unsupported])
def test_a_run_that_was_turned_away_hinders_no_release(tmp_path: Path, kind: type[Trouble]) -> None:
    plane, clock = FakePlane({"s1": True}), FakeClock()

    def turned_away(call: str) -> None:
        raise kind(f"{call}: no")

    def ordered(direction: Direction, connector: FakeConnector) -> Report:
        order = Order(("s1",), direction)
        ready = station(tmp_path, connector, clock, budget_s=60.0)
        try:
            return contain.carry_out(order, order.servers, ready, ROOT)
        finally:
            ready.looks.close()

    assert (
        ordered(Direction.APPLY, FakeConnector(plane, clock, turned_away)).verdict is RunVerdict.NOT_CONTAINED
    )
    assert ordered(Direction.APPLY, FakeConnector(plane, clock)).verdict is RunVerdict.CONTAINED
    assert ordered(Direction.UNDO, FakeConnector(plane, clock)).verdict is RunVerdict.RELEASED
    assert plane.servers["s1"] is True
