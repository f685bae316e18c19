"""`python -m tests.equality [--logs N]`: one table of what every language finds; exit 1 for a difference.

A number is of events found; `≠ n` are the events on which a language differs from SQL, and a word in its
place is a refusal, told in full below.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence

from tests.equality import gates
from tests.equality.asked import RULES, events
from tests.equality.languages import LANGUAGES, Found

_LOGS = 200


def main(words: Sequence[str]) -> int:
    """Print the tables; 0 where all languages agree."""
    parser = argparse.ArgumentParser("python -m tests.equality")
    parser.add_argument("--logs", type=int, default=_LOGS, metavar="N", help="random logs for the gates")
    asked = parser.parse_args(words)
    found = {name: language(RULES, events()) for name, language in LANGUAGES.items()}
    want, refusals, wrong = found["SQL"], [], 0
    rows = [("RULE", *LANGUAGES)]
    for rule in RULES:
        cells = []
        for name, got in found.items():
            cell, is_wrong = _cell(got, want, rule.id)
            wrong += is_wrong
            cells.append(cell)
            if cell == "refused":
                refusals.append(f"{name}: {got[rule.id]}")
        rows.append((rule.id, *cells))
    print(f"{len(RULES)} rules, each asked about {len(events())} events")
    _show(rows)
    print(*refusals, sep="\n")
    counted = gates.differences(asked.logs)
    print(f"{len(counted)} gates, each over {asked.logs} random logs: logs that a language judges otherwise")
    _show([("GATE", *gates.LANGUAGES)])
    _show([(gate, *(str(by[name]) for name in gates.LANGUAGES)) for gate, by in counted.items()])
    wrong += sum(sum(by.values()) for by in counted.values())
    print(f"{wrong} differences, {len(refusals)} refusals")
    return 1 if wrong else 0


def _cell(got: Found, want: Found, rule: str) -> tuple[str, bool]:
    places = got[rule]
    if isinstance(places, str):
        return "refused", False
    off = set(places) ^ set(want[rule])
    return (f"≠ {len(off)}" if off else str(len(places))), bool(off)


def _show(rows: Iterable[Sequence[str]]) -> None:
    for name, *cells in rows:
        print(f"{name:48}", *(f"{cell:>8}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
