"""The rules against Zircolite, which loads a log into SQLite and asks it Sigma rules as SQL.

    python -m benchmarks.zircolite FOLDER [EVENTS] [PYTHON]

FOLDER is a checkout of https://github.com/wagga40/Zircolite (3.7.0 was used), PYTHON an interpreter that has
what its requirements.txt names. It strips `_` from the names of fields, so it is given events and rules whose
names have none, and events that carry the derived columns, which it cannot compute. Where the two then count
differently, that is printed: numbers are text to it, and a field that no event has is no column.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.events import lines
from mcpsoar.app.watch import look
from mcpsoar.core.event import Column
from mcpsoar.detect import prelude
from mcpsoar.detect.engines import ndjson
from mcpsoar.detect.engines.duckdb import connect, quoted, rows
from mcpsoar.pack import rules, schema
from mcpsoar.pack.locate import own

NOW_MS = 1_780_000_000_000


def main(folder: Path, count: int, python: str) -> None:
    """Write the log twice, count with both tools, compare, print."""
    pack = own()
    columns, texts = schema.load(pack), rules.load(pack)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        log, renamed, ruleset = place / "events.ndjson", place / "renamed.ndjson", place / "rules"
        with log.open("w") as out:
            out.writelines(line + "\n" for line in lines(count))
        with renamed.open("w") as out:
            out.writelines(_renamed(log, columns))
        ruleset.mkdir()
        for text in texts:
            (ruleset / f"{text.id}.yml").write_text(_bare(text.text, columns))
        asked = [text.id for text in texts]
        start = time.perf_counter()
        found = look([str(log)], pack=pack, now_ms=NOW_MS, gates=(), with_rules=True, rules=asked).findings
        ours = time.perf_counter() - start
        start = time.perf_counter()
        theirs_found = _zircolite(folder, python, renamed, ruleset, place)
        theirs = time.perf_counter() - start
    told = {one.title: one.count for one in found if one.count}
    if told != theirs_found:
        differ = {
            title: (told.get(title, 0), theirs_found.get(title, 0))
            for title in told.keys() | theirs_found
            if told.get(title) != theirs_found.get(title)
        }
        print(f"the tools count differently (ours, theirs): {differ}")
    print(f"{count} events, {len(texts)} rules, {sum(told.values())} matches")
    print(f"mcpsoar                          {ours:6.2f} s")
    print(f"Zircolite, start to end          {theirs:6.2f} s  {theirs / ours:4.1f} times (at least 10)")


def _zircolite(folder: Path, python: str, log: Path, ruleset: Path, place: Path) -> dict[str, int]:
    out = place / "detected.json"
    words = [python, "zircolite.py", "--jsonl", "-e", str(log), "-r", str(ruleset), "-o", str(out)]
    words += ["--no-event-filter", "-l", str(place / "zircolite.log"), "-q"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode or not out.is_file():
        raise SystemExit(
            f"Zircolite ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-1000:]}"
        )
    return {one["title"]: one["count"] for one in json.loads(out.read_text()) if one["count"]}


def _renamed(log: Path, columns: Sequence[Column]) -> Iterator[str]:
    """Events with their derived columns, and no `_` in any name."""
    derived = [column.name for column in columns if column.derived]
    with connect(files=[str(log)]) as connection, log.open() as there:
        view = ndjson.lines(log, columns)
        ctes = prelude.relation(view.text, columns, derived)
        made = rows(connection, f"WITH {ctes} SELECT {', '.join(map(quoted, derived))} FROM mcp_audit")
        for line, values in zip(there, made, strict=True):
            told = {name: one for name, one in zip(derived, values, strict=True) if one is not None}
            event = json.loads(line) | told
            yield json.dumps({name.replace("_", ""): one for name, one in event.items()}) + "\n"


def _bare(text: str, columns: Sequence[Column]) -> str:
    names = "|".join(column.name for column in columns)
    return re.sub(
        rf"^(\s+(?:- )?)({names})(?=[|:])",
        lambda found: found[1] + found[2].replace("_", ""),
        text,
        flags=re.MULTILINE,
    )


if __name__ == "__main__":
    if len(sys.argv) < 2 or not (Path(sys.argv[1]) / "zircolite.py").is_file():
        raise SystemExit("skipped: name a checkout of Zircolite, with its zircolite.py")
    main(
        Path(sys.argv[1]),
        int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000,
        sys.argv[3] if len(sys.argv) > 3 else sys.executable,
    )
