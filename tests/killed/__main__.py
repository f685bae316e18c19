"""`python -m tests.killed [--points N]`: killed with SIGKILL at N moments of a run, each time resumed.

Moments are before, amid and after each write of the journal and its anchor, and before and after each call.
Exit 1 where something is wrong, told by line.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.killed.points import SERVERS
from tests.killed.series import Series, series

_POINTS = 200


def main(words: Sequence[str]) -> int:
    """Print what was killed, and what is wrong; 0 where every run was contained in the end."""
    parser = argparse.ArgumentParser("python -m tests.killed")
    parser.add_argument("--points", type=int, default=_POINTS, metavar="N")
    points, begun = parser.parse_args(words).points, time.monotonic()
    done = _shared(points, min(points, os.cpu_count() or 1))
    for line in (line for one in done for line in one.told):
        print(line)
    killed, wrong = (sum(getattr(one, name) for one in done) for name in ("killed", "wrong"))
    most, took = max(one.most for one in done), time.monotonic() - begun
    print(f"{killed} points, {most} moments of a run of {SERVERS} servers, {wrong} wrong; {took:.0f} s")
    return 1 if wrong or killed < points else 0


def _shared(points: int, processes: int) -> list[Series]:
    """Each process has a plane of its own, and the moments that the others leave out."""
    if processes == 1:
        return [series(1, 1, points)]
    shares = [points // processes + (at < points % processes) for at in range(processes)]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        asked = [pool.submit(series, at + 1, processes, share) for at, share in enumerate(shares)]
        return [one.result() for one in asked]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
