"""Who waits for a change of many calls is told how far it is, now and then."""

from contextlib import suppress

from mcpsoar.core.errors import Denied, Trouble
from mcpsoar.kit import telling
from mcpsoar.kit.each import each
from tests.contain.fakes import FakeClock

NAMES = [f"t{at}" for at in range(210)]


def followed(call_s: float, names: list[str] = NAMES) -> list[str]:
    """What is said while each call takes so long; every third is refused."""
    said: list[str] = []
    clock = FakeClock()

    def send(name: str) -> None:
        clock.sleep(call_s)
        if int(name[1:]) % 3 == 0:
            raise Denied("no")

    with suppress(Trouble), telling.followed_by(said.append, clock):
        each(names, send, where="plane.example.com", late=set())
    return said


def test_a_line_comes_every_five_seconds() -> None:
    said = followed(0.14)
    assert said[0] == "36 of 210 …"
    assert 4 <= len(said) <= 6


def test_slow_calls_are_told_one_by_one() -> None:
    assert followed(6.0, NAMES[:4]) == ["1 of 4 …", "2 of 4 …", "3 of 4 …"]


def test_what_is_quick_is_not_told() -> None:
    assert followed(0.01) == []


def test_nobody_has_to_follow() -> None:
    telling.got_to(1, 2)
