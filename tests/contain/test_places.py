"""One home, two control planes: what was contained on one is released on that one."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mcpsoar.app import contain, resuming
from mcpsoar.app.order import Order
from mcpsoar.core.errors import Unreachable, Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Place:
    """One plane at one address; `is_up` is whether calls get through."""

    home: Path
    url: str
    plane: FakePlane = field(default_factory=lambda: FakePlane({"s1": True}))
    is_up: bool = True

    def contain(self) -> Report:
        return self._ordered(Direction.APPLY)

    def release(self) -> Report:
        return self._ordered(Direction.UNDO)

    def resume(self, run: str) -> Report:
        clock = FakeClock()
        ready = station(self.home, FakeConnector(self.plane, clock, self._call), clock, url=self.url)
        try:
            return resuming.resume(ready, run, ROOT)
        finally:
            ready.looks.close()

    def _ordered(self, direction: Direction) -> Report:
        clock = FakeClock()
        ready = station(self.home, FakeConnector(self.plane, clock, self._call), clock, url=self.url)
        try:
            return contain.carry_out(Order(("s1",), direction), ("s1",), ready, ROOT)
        finally:
            ready.looks.close()

    def _call(self, _: str) -> None:
        if not self.is_up:
            raise Unreachable("no connection")


@pytest.fixture
def here(tmp_path: Path) -> Place:
    return Place(tmp_path, "https://here.example.com")


@pytest.fixture
def there(tmp_path: Path) -> Place:
    return Place(tmp_path, "https://there.example.com")


def test_what_is_contained_elsewhere_is_not_called_released(here: Place, there: Place) -> None:
    run = here.contain().run
    with pytest.raises(Usage, match=rf"by run {run} on https://here\.example\.com"):
        there.release()
    assert there.plane.calls == []
    assert here.release().verdict is RunVerdict.RELEASED
    assert here.plane.servers["s1"] is True
    assert not here.plane.is_forced


def test_each_place_is_released_by_itself(here: Place, there: Place) -> None:
    here.contain()
    there.contain()
    assert there.release().verdict is RunVerdict.RELEASED
    assert here.plane.servers["s1"] is False
    assert here.plane.is_forced
    assert here.release().verdict is RunVerdict.RELEASED
    assert here.plane.servers["s1"] is True


def test_a_run_that_reached_nothing_is_released_with_the_one_that_did(here: Place, there: Place) -> None:
    """An address was mistyped, then typed right: nobody must type it wrong again to be rid of the first."""
    here.is_up = False
    assert here.contain().verdict is RunVerdict.NOT_CONTAINED
    there.contain()
    assert there.release().verdict is RunVerdict.RELEASED
    assert not there.plane.is_forced
    with pytest.raises(Usage, match="nothing to release"):
        here.release()


def test_a_release_is_resumed_whatever_was_contained_elsewhere_since(here: Place, there: Place) -> None:
    here.contain()
    here.is_up = False
    broken = here.release()
    assert broken.verdict is not RunVerdict.RELEASED
    here.is_up = True
    there.contain()
    assert here.resume(broken.run).verdict is RunVerdict.RELEASED
    assert here.plane.servers["s1"] is True
