"""Point after point on one slow plane of its own: each so many moments of a run after the last."""

from dataclasses import dataclass

from tests.killed.points import shooting_range


@dataclass(frozen=True, slots=True)
class Series:
    """How many runs were `killed`, the last moment of one, how many are `wrong`, and what is `told`."""

    killed: int
    most: int
    wrong: int
    told: tuple[str, ...]


def series(first: int, stride: int, points: int) -> Series:
    """Runs killed at the moments `first`, `first + stride` and so on, until so many were.

    A run that ends before its moment comes begins the count again.
    """
    moment, most, killed, wrong, told = first, 0, 0, 0, []
    with shooting_range(2 * points) as ground:
        for at in range(2 * points):
            point = ground.kill(moment, at)
            if point.ended == "killed":
                killed, most = killed + 1, max(most, moment)
                told += [f"! killed at moment {moment}: {why}" for why in point.wrong]
                wrong += bool(point.wrong)
                moment += stride
            else:
                told.append(f"moment {moment} lies past the end: {point.ended}")
                wrong += point.ended != "contained"
                moment = first
            if killed == points:
                break
    return Series(killed, most, wrong, tuple(told))
