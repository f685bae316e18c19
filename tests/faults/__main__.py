"""`python -m tests.faults [--row N …]`: the verdict of every fault on every step, in one table.

A cell has a letter for each run: the fault met once by a change, by every change, and by every read (for
the canary: on a plane that refuses, and on one that goes on executing). V verified, A already, F failed,
P partial, ? cannot tell, U applied and unverified; `·` has no meaning there. `!` claims more than the plane's
own truth, or less than could be read back; what is wrong is told below. Exit 1 for one.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence

from tests.faults.judge import STEPS
from tests.faults.places import PLACES
from tests.faults.rows import ROWS, Row
from tests.faults.table import Cells, table

_JOBS = 4  # of each connector in each process: most of a run is waiting


def main(words: Sequence[str]) -> int:
    """Print the table; 0 where no cell is wrong."""
    parser = argparse.ArgumentParser("python -m tests.faults")
    parser.add_argument("--row", action="append", metavar="N", help="only rows of this number (15, 15a)")
    parser.add_argument("--connector", action="append", choices=sorted(PLACES))
    parser.add_argument("--jobs", type=int, default=_JOBS, metavar="N", help="benches of each connector")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N")
    asked = parser.parse_args(words)
    rows = [row for row in ROWS if not asked.row or _is_asked(row, asked.row)]
    names = [name for name in PLACES if not asked.connector or name in asked.connector]
    begun = time.monotonic()
    cells = table(rows, names, asked.jobs, asked.processes)
    wrong = _show(rows, names, cells)
    runs = sum(len(marks) for marks in cells.values() if marks)
    took = f"{time.monotonic() - begun:.0f} s, {sum(os.times()[:4]):.0f} s of processor"
    print(f"{len(rows)} rows, {runs} runs, {wrong} wrong; {took}")
    return 1 if wrong else 0


def _is_asked(row: Row, asked: Sequence[str]) -> bool:
    return row.number in asked or row.number.rstrip("abcd") in asked


def _show(rows: Sequence[Row], names: Sequence[str], cells: Cells) -> int:
    width = 10
    print(f"{'':26}", *(f"{name:{len(STEPS) * (width + 1)}}" for name in names))
    print(f"{'ROW':26}", *(f"{step:{width}}" for _ in names for step in STEPS))
    for row in rows:
        shown = ["".join(map(str, cells[row.number, name, step] or "·")) for name in names for step in STEPS]
        print(f"{row.number:4}{row.name:22}", *(f"{cell:{width}}" for cell in shown))
    faulty = [(key, mark) for key, marks in cells.items() for mark in marks or () if mark.wrong]
    for (number, name, step), mark in faulty:
        print(f"! {number} on {step} of {name}: {'; '.join(mark.wrong)}")
    return len(faulty)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
