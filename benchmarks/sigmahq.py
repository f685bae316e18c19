"""Every rule of SigmaHQ on every dialect, and on its own logs: `python -m benchmarks.sigmahq CHECKOUT`.

Prints the share converted and each refusal's reason, then whether DuckDB, SQLite, PostgreSQL and a plain
Python interpreter agree on every (rule, event), and how many positives of the regression tests are hit. Exits
1 when rows differ or less than 99 % convert, 3 when they do not but no PostgreSQL was there to ask. It is the
one of `$MCPSOAR_POSTGRES`, else one of its own.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from sigma.rule import SigmaRule
from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.bridge import dialect as dialects
from mcpsoar.targets.bridge import tree
from mcpsoar.targets.bridge.table import Table, texts
from tests.targets.engines import connected, postgres, why_no_postgres
from tests.targets.interpreter import holds

RAW = "raw_text"
WANTED = 0.99
_ENGINES = ("duckdb", "sqlite", "postgres")
_BATCH = 60  # predicates in one SELECT
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Row = dict[str, str | None]


def main(checkout: Path) -> int:
    """Print every figure; 0 when all is well."""
    rules = timed("rules read", lambda: dict(_rules(checkout)))
    print(f"  {len(rules)} rules")
    open_table = texts("events", raw=RAW)
    trees, refused = timed("trees built", lambda: _trees(rules, open_table))
    log = _logs(checkout)
    rows = [row for _, _, some in log for row in some]
    names = sorted({name for row in rows for name in row})
    print(f"{len(log)} regression logs, {len(rows)} events, {len(names)} fields")
    conditions = {key: _conditions(rule) for key, rule in rules.items() if key in trees}
    oracle = timed("python", lambda: _oracle(conditions, rows))
    # by number: fields that differ in case alone are two fields for Sigma and one column for engines
    columns = {name: Column(f"f{index}", Kind.TEXT, name) for index, name in enumerate(names)}
    known, _ = _trees(rules, Table("events", columns, RAW, keeps_blanks=True))
    differing, lacking = 0, why_no_postgres()
    for engine in _ENGINES:
        if engine == "postgres" and lacking is not None:
            continue
        answers = timed(engine, lambda engine=engine: dict(_answers(engine, known, names, rows)))
        others = [(key, sorted(hits ^ oracle[key])) for key, hits in answers.items() if hits != oracle[key]]
        print(f"  {len(answers)} rules x {len(rows)} events, {len(others)} rules differ from python")
        for key, places in others[:10]:
            print(f"    {key}: events {places[:5]}")
        differing += len(others)
    _positives(log, rules, oracle)
    worst = min(_share(name, trees, refused, len(rules)) for name in dialects.DIALECTS)
    print(f"least share {worst:.2%}, wanted {WANTED:.0%}; rules that differ: {differing}")
    if differing or worst < WANTED:
        return 1
    if lacking is not None:
        print(f"cannot tell: postgres was not asked: {lacking}")
        return 3
    return 0


def timed(name: str, work: Any) -> Any:
    """Do the work and print how long it took."""
    started = time.perf_counter()
    done = work()
    print(f"{name}: {time.perf_counter() - started:.1f} s")
    return done


def _rules(checkout: Path) -> Iterator[tuple[str, SigmaRule]]:
    for path in sorted(checkout.glob("rules*/**/*.yml")):
        for document in yaml.load_all(path.read_text(encoding="utf-8"), _LOADER):
            if "detection" in document:
                yield str(path.relative_to(checkout)), SigmaRule.from_dict(document)


def _conditions(rule: SigmaRule) -> list[Any]:
    return [one.parsed for one in rule.detection.parsed_condition]


def _trees(rules: Mapping[str, SigmaRule], table: Any) -> tuple[dict[str, exp.Expression], Counter[str]]:
    made, refused = {}, Counter[str]()
    for key, rule in rules.items():
        try:
            made[key] = tree.joined([tree.condition(one, table) for one in _conditions(rule)])
        except Unsupported as error:
            refused[error.message] += 1
    return made, refused


def _share(dialect: str, trees: Mapping[str, exp.Expression], refused: Counter[str], total: int) -> float:
    started, converted, reasons = time.perf_counter(), 0, Counter(refused)
    for one in trees.values():
        try:
            dialects.text(one, dialect)
            converted += 1
        except Unsupported as error:
            reasons[error.message] += 1
    took = time.perf_counter() - started
    print(f"{dialect}: {converted} of {total} converted, {converted / total:.2%}, {took:.1f} s")
    for reason, count in reasons.most_common():
        print(f"  {count} refused: {reason}")
    return converted / total


def _logs(checkout: Path) -> list[tuple[str, str, list[Row]]]:
    """Of each regression test: the id of its rule, its name, its events."""
    found = []
    for info in sorted(checkout.glob("regression_data/**/info.yml")):
        told = yaml.load(info.read_text(encoding="utf-8"), _LOADER)
        for path in sorted(info.parent.glob("*.json")):
            rows = [_flat(event) for event in _events(path.read_text(encoding="utf-8-sig"))]
            found.append((told["rule_metadata"][0]["id"], info.parent.name, rows))
    return found


def _events(text: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        event, at = decoder.raw_decode(text, at)
        yield from event if isinstance(event, list) else [event]
        while at < len(text) and text[at].isspace():
            at += 1


def _flat(event: Mapping[str, Any]) -> Row:
    row: Row = {RAW: json.dumps(event, ensure_ascii=False)}
    _flatten(event, row)
    return row


def _flatten(value: Mapping[str, Any], row: Row) -> None:
    for key, one in value.items():
        if isinstance(one, Mapping):
            if key == "Provider":
                row["Provider_Name"] = one.get("#attributes", {}).get("Name")
            _flatten(one, row)
        elif one is not None:
            row.setdefault(key, one if isinstance(one, str) else json.dumps(one, ensure_ascii=False))


def _oracle(conditions: Mapping[str, list[Any]], rows: Sequence[Row]) -> dict[str, set[int]]:
    return {
        key: {place for place, row in enumerate(rows) if any(holds(node, row, RAW) for node in nodes)}
        for key, nodes in conditions.items()
    }


def _answers(
    engine: str, trees: Mapping[str, exp.Expression], names: Sequence[str], rows: Sequence[Row]
) -> Iterator[tuple[str, set[int]]]:
    said = {}
    for key, one in trees.items():
        try:
            said[key] = dialects.text(one, engine)
        except Unsupported:
            continue
    columns = ", ".join(f"f{index} TEXT" for index in range(len(names)))
    keys = list(said)
    with _connected(engine) as (run, mark):
        run(f"CREATE TEMP TABLE events (place INTEGER, {columns})")
        marks = ", ".join([mark] * (len(names) + 1))
        for place, row in enumerate(rows):
            run(f"INSERT INTO events VALUES ({marks})", [place, *(row.get(name) for name in names)])
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            found = run(f"SELECT place, {', '.join(said[key] for key in batch)} FROM events")
            for index, key in enumerate(batch, 1):
                if any(row[index] is None for row in found):
                    raise SystemExit(f"{engine}: {key} gave NULL")
                yield key, {row[0] for row in found if row[index]}


@contextmanager
def _connected(engine: str) -> Iterator[tuple[Any, str]]:
    """What runs a statement with its values and gives the rows, and the mark of a value."""
    if engine != "postgres":
        database = connected(engine)
        yield lambda statement, values=(): database.execute(statement, values).fetchall(), "?"
        database.close()
        return
    with postgres() as server:

        def ask(statement: Any, values: Any = None) -> list[Any]:
            cursor = server.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

        yield ask, "%s"


def _positives(
    log: Sequence[tuple[str, str, list[Row]]], rules: Mapping[str, SigmaRule], hits: Mapping[str, set[int]]
) -> None:
    keys = {str(rule.id): key for key, rule in rules.items()}
    place, found, missed = 0, 0, []
    for rule, name, rows in log:
        places = set(range(place, place + len(rows)))
        place += len(rows)
        if places & hits.get(keys.get(rule, ""), set()):
            found += 1
        else:
            missed.append(name)
    print(f"positives hit: {found} of {len(log)}; missed: {', '.join(missed) or 'none'}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(
            "usage: python -m benchmarks.sigmahq CHECKOUT  (a checkout of github.com/SigmaHQ/sigma)"
        )
    raise SystemExit(main(Path(sys.argv[1])))
