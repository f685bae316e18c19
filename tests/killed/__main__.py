"""`python -m tests.killed [--points N]`: killed with SIGKILL at N moments of a run, each time resumed.

Moments are before, amid and after each write of the journal and its anchor, and before and after each call. A
run that ends before the moment comes begins the count again. Exit 1 where something is wrong, told by line.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from tests.killed.points import SERVERS, shooting_range

_POINTS = 200


def main(words: Sequence[str]) -> int:
    """Print what was killed, and what is wrong; 0 where every run was contained in the end."""
    parser = argparse.ArgumentParser("python -m tests.killed")
    parser.add_argument("--points", type=int, default=_POINTS, metavar="N")
    asked = parser.parse_args(words)
    begun, moment, most, killed, wrong = time.monotonic(), 0, 0, 0, 0
    with shooting_range(2 * asked.points) as ground:
        for at in range(2 * asked.points):
            moment += 1
            point = ground.kill(moment, at)
            if point.ended != "killed":
                print(f"moment {moment} lies past the end: {point.ended}")
                wrong += point.ended != "contained"
                moment = 0
                continue
            killed, most = killed + 1, max(most, moment)
            for why in point.wrong:
                print(f"! killed at moment {moment}: {why}")
            wrong += bool(point.wrong)
            if killed == asked.points:
                break
    took = time.monotonic() - begun
    print(f"{killed} points, {most} moments of a run of {SERVERS} servers, {wrong} wrong; {took:.0f} s")
    return 1 if wrong or killed < asked.points else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
