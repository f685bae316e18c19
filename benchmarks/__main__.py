"""Every benchmark in one run: `python -m benchmarks [ZIRCOLITE [PYTHON]]`. Prints ratios, keeps nothing."""

import sys
from pathlib import Path

import benchmarks.contain
import benchmarks.gates
import benchmarks.zircolite

if __name__ == "__main__":
    benchmarks.gates.main(1_000_000)
    if len(sys.argv) > 1:
        benchmarks.zircolite.main(Path(sys.argv[1]), 1_000_000, (*sys.argv[2:], sys.executable)[0])
    else:
        print("Zircolite: skipped, for no checkout of it was named")
    benchmarks.contain.main()
