"""`python -m tests.equality [--logs N] [--seed N]`: what every language finds, in one table.

Exit 1 for a difference. Of a rule: the events found, or `≠ n`, the events on which a language differs from
SQL. Of a detection and a gate: the logs of which a language says something else. `refused` is told in full
below its table.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence

from tests.equality import detections, gates
from tests.equality.asked import RULES, events
from tests.equality.languages import LANGUAGES, Found

_LOGS = 200
_REFUSED = "refused"


def main(words: Sequence[str]) -> int:
    """Print the tables; 0 where all languages agree."""
    parser = argparse.ArgumentParser("python -m tests.equality")
    parser.add_argument("--logs", type=int, default=_LOGS, metavar="N", help="random logs for the gates")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which random logs")
    asked = parser.parse_args(words)
    wrong = sum((_rules(), _detections(), _gates(asked.logs, asked.seed)))
    print(f"{wrong} differences")
    return 1 if wrong else 0


def _rules() -> int:
    found = {name: language(RULES, events()) for name, language in LANGUAGES.items()}
    print(f"{len(RULES)} rules, each asked about {len(events())} events")
    rows = [(rule.id, *(_cell(got, found["SQL"], rule.id) for got in found.values())) for rule in RULES]
    _show(("RULE", *LANGUAGES), rows, _refusals(found))
    return sum(cell.startswith("≠") for row in rows for cell in row)


def _cell(got: Found, want: Found, rule: str) -> str:
    places = got[rule]
    if isinstance(places, str):
        return _REFUSED
    off = set(places) ^ set(want[rule])
    return f"≠ {len(off)}" if off else str(len(places))


def _refusals(found: dict[str, Found]) -> Iterator[str]:
    for name, got in found.items():
        yield from (f"{name}: {told}" for told in got.values() if isinstance(told, str))


def _detections() -> int:
    rows: list[tuple[str, ...]] = []
    said: list[str] = []
    for name, matches, off in detections.rows():
        rows.append(
            (name, str(matches), *(_REFUSED if isinstance(one, str) else str(one) for one in off.values()))
        )
        said += [f"{language}: {one}" for language, one in off.items() if isinstance(one, str)]
    print(
        f"{len(rows)} detections, each over its cases in every spelling; of Lucene none: it asks of one event"
    )
    _show(("DETECTION", "MATCHES", *detections.LANGUAGES), rows, said)
    return sum(int(cell) for _, _, *cells in rows for cell in cells if cell != _REFUSED)


def _gates(logs: int, seed: int) -> int:
    counted = gates.differences(logs, seed)
    print(f"{len(counted)} gates, each over all hostile lines and {logs} random logs, seed {seed}")
    rows = [(gate, *(str(by[name]) for name in gates.LANGUAGES)) for gate, by in counted.items()]
    _show(("GATE", *gates.LANGUAGES), rows, ())
    return sum(sum(by.values()) for by in counted.values())


def _show(head: Sequence[str], rows: Iterable[Sequence[str]], refusals: Iterable[str]) -> None:
    for name, *cells in (head, *rows):
        print(f"{name:48}", *(f"{cell:>8}" for cell in cells))
    print(*refusals, sep="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
