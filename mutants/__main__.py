"""`python -m mutants [--at-least PERCENT] [ID…]`: exit 1 when fewer are killed, 95 % if not told.

So does an excuse that hides no survivor: what it was written for is gone.
"""

import argparse
import sys
from pathlib import Path

from mcpsoar.core.errors import Usage
from mcpsoar.pack.locate import own
from mutants.excuses import load
from mutants.run import lines, report

ENOUGH = 95.0


def main(words: list[str]) -> int:
    """Print killed and total for each text, every survivor, and the sum; 2 where an id is nobody's."""
    parser = argparse.ArgumentParser("python -m mutants")
    parser.add_argument("wanted", nargs="*", metavar="ID", help="of a rule, detection or gate; all if none")
    parser.add_argument("--at-least", type=float, default=ENOUGH, metavar="PERCENT")
    asked = parser.parse_args(words)
    try:
        told = report(own(), asked.wanted, excuses=load(Path(__file__).with_name("equivalent.json")))
    except Usage as error:
        print(error, file=sys.stderr)
        return 2
    for line in lines(told):
        print(line)
    return 0 if told.share * 100 >= asked.at_least and not told.is_stale else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
