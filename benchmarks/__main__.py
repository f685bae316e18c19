"""Every benchmark in one run: `python -m benchmarks`. Prints ratios, keeps nothing."""

import benchmarks.contain
import benchmarks.gates

if __name__ == "__main__":
    benchmarks.gates.main(1_000_000)
    benchmarks.contain.main()
