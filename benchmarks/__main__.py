"""Every benchmark in one run: `python -m benchmarks`. Prints ratios, keeps nothing."""

from benchmarks import contain, gates

if __name__ == "__main__":
    gates.main()
    contain.main()
