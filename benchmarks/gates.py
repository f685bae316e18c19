"""Gates, rules and detections over a day of events, against a raw pass of the engine and a loop in Python.

    python -m benchmarks.gates [EVENTS]

Prints seconds and ratios, each the best of three runs in one process, start-up left out. The raw pass reads
the columns that the log has, typed, counts the same five numerators, which must come out equal, and the
distinct ids; with the rules it counts the events of each rule too, and with the detections their matches.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import rules
from benchmarks.events import write
from mcpsoar.app.watch import look
from mcpsoar.detect.detection import Detection, parse_all
from mcpsoar.detect.engines.duckdb import connect, rows
from mcpsoar.kit.clock import stamp_ms
from mcpsoar.pack import detections as detection_pack
from mcpsoar.pack import rules as rule_pack
from mcpsoar.pack import schema
from mcpsoar.pack.locate import own
from mcpsoar.targets import sql

NOW_MS = 1_780_000_000_000
TYPES = {
    "event_time": "TIMESTAMPTZ",
    "scope_match": "BOOLEAN",
    "latency_ms": "DOUBLE",
    "chain_depth": "BIGINT",
    "token_aud": "VARCHAR[]",
}
NARROW = [*rules.COUNTED, "event_id"]
_WINDOW = "event_time >= as_of - INTERVAL {0} MINUTE AND event_time < as_of"
_IS_CALL = "coalesce(lower(event_kind), 'tool_call') = 'tool_call'"
_NUMERATORS = {
    "manifest-drift": f"""count(DISTINCT server_name) FILTER (
      {_WINDOW.format(1440)} AND manifest_hash <> pinned_manifest_hash)""",
    "quarantine-ratio": f"""count(*) FILTER (
      {_WINDOW.format(15)} AND lower(classifier_result) = 'quarantine' AND {_IS_CALL})""",
    "registry-drift": f"""count(DISTINCT server_name) FILTER (
      {_WINDOW.format(1440)} AND coalesce(lower(registry_status), '') <> 'approved'
      AND coalesce(lower(environment), 'production') IN ('production', 'prod'))""",
    "scope-mismatch": f"""count(*) FILTER ({_WINDOW.format(15)} AND NOT scope_match AND {_IS_CALL})""",
    "unapproved-write-calls": f"""count(*) FILTER (
      {_WINDOW.format(10)} AND lower(action_class) IN ('write', 'destructive') AND lower(decision) = 'allow'
      AND coalesce(trim(approval_id), '') = '' AND {_IS_CALL})""",
}


def best(run: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of some runs."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return min(took)


def raw_pass(log: Path, names: list[str], as_of: str) -> tuple[Any, ...]:
    """The engine alone: the named columns typed, the numerators at one tick, the distinct ids."""
    types = ", ".join(f"{name}: '{TYPES.get(name, 'VARCHAR')}'" for name in names)
    others = "".join(f", count({name})" for name in names if name not in NARROW)
    counts = ", ".join(_NUMERATORS.values())
    with connect(files=[str(log)]) as connection:
        return rows(
            connection,
            f"SELECT {counts}, count(DISTINCT event_id){others} "
            f"FROM (SELECT *, TIMESTAMPTZ '{as_of}' AS as_of FROM read_json('{log}', "
            f"columns = {{{types}}}, format = 'newline_delimited', compression = 'none'))",
        )[0]


def json_loop(log: Path) -> tuple[int, ...]:
    """The same five gates by hand: parse, drop repeats, keep what falls into each window."""
    seen: set[tuple[str, float]] = set()
    last = 0.0
    risky, mismatched, known, quarantined, scanned = [], [], [], [], []
    strange: list[tuple[float, str]] = []
    drifted: list[tuple[float, str]] = []
    with log.open("rb") as lines:
        for line in lines:
            event = json.loads(line)
            at = datetime.fromisoformat(event["event_time"]).timestamp()
            if (event["event_id"], at) in seen:
                continue
            seen.add((event["event_id"], at))
            last = max(last, at)
            action, decision = event["action_class"].lower(), event["decision"].lower()
            if action in ("write", "destructive") and decision == "allow" and not event["approval_id"]:
                risky.append(at)
            if event["registry_status"].lower() != "approved":
                strange.append((at, event["server_name"]))
            if event["manifest_hash"] != event["pinned_manifest_hash"]:
                drifted.append((at, event["server_name"]))
            if event["scope_match"] is not None:
                known.append(at)
                if not event["scope_match"]:
                    mismatched.append(at)
            if event["classifier_result"].lower() in ("clean", "redact", "quarantine"):
                scanned.append(at)
                if event["classifier_result"].lower() == "quarantine":
                    quarantined.append(at)
    tick = (last // 60 + 1) * 60

    def inside(times: list[float], width: float) -> int:
        return sum(tick - width <= at < tick for at in times)

    shared = (inside(mismatched, 900), inside(known, 900), inside(quarantined, 900), inside(scanned, 900))
    days = [{name for at, name in some if at >= tick - 86_400} for some in (strange, drifted)]
    return (inside(risky, 600), len(days[0]), len(days[1]), *shared)


def main(count: int) -> None:
    """Write the logs, time everything, print it."""
    pack = own()
    with tempfile.TemporaryDirectory() as folder:
        log, twins = Path(folder) / "events.ndjson", Path(folder) / "twins.ndjson"
        write(log, count)
        write(twins, count, repeat_share=0.01, conflict_share=0.001)
        with log.open() as lines:
            names = list(json.loads(lines.readline()))
        texts, columns = rule_pack.load(pack), schema.load(pack)
        asked = [text.id for text in texts]
        predicates = sql.predicates(texts, columns)
        detections = parse_all(detection_pack.load(pack), columns)
        judged = look([str(log)], pack=pack, now_ms=NOW_MS, with_rules=True)
        as_of = stamp_ms(judged.as_of_ms)
        said = {one.reading.gate: one.reading.numerator for one in judged.judgements}
        told = dict(zip(_NUMERATORS, raw_pass(log, names, as_of), strict=False))
        if told != said:
            raise SystemExit(f"the raw pass counts {told}, the gates {said}")

        def whole(some: Sequence[Detection] = detections) -> tuple[Any, ...]:
            return rules.raw_pass(
                log,
                columns=columns,
                names=names,
                counts=list(_NUMERATORS.values()),
                predicates=predicates,
                as_of=as_of,
                detections=some,
            )

        counted = list(said.values()) + [one.count for one in judged.findings]
        if list(whole()[:-1]) != counted:
            raise SystemExit(f"the raw pass counts {whole()[:-1]}, gates, rules and detections {counted}")
        raw = best(lambda: raw_pass(log, names, as_of))
        narrow = best(lambda: raw_pass(log, NARROW, as_of))
        gates = best(lambda: look([str(log)], pack=pack, now_ms=NOW_MS))
        both = best(lambda: look([str(log)], pack=pack, now_ms=NOW_MS, with_rules=True, rules=rules.SEVEN))
        raw_rules = best(lambda: whole(()))
        ruled = best(lambda: look([str(log)], pack=pack, now_ms=NOW_MS, with_rules=True, rules=asked))
        raw_all = best(whole)
        everything = best(lambda: look([str(log)], pack=pack, now_ms=NOW_MS, with_rules=True))
        repeated = best(lambda: look([str(twins)], pack=pack, now_ms=NOW_MS))
        loop = best(lambda: json_loop(log), times=1)
        size = log.stat().st_size
    print(f"{count} events, {size / 1e6:.0f} MB of NDJSON, best of three")
    print(f"raw pass, all {len(names)} columns of the log  {raw:6.2f} s")
    print(f"raw pass, the {len(NARROW)} columns of the gates {narrow:6.2f} s")
    print(f"five gates                       {gates:6.2f} s  {gates / raw:4.2f} raw passes (at most 2)")
    print(f"                                           {gates / narrow:4.2f} narrow raw passes")
    print(f"five gates, repeats, conflicts   {repeated:6.2f} s  {repeated / raw:4.2f} raw passes (at most 4)")
    print(
        f"five gates and seven rules       {both:6.2f} s  {both / gates:4.2f} times the gates (at most 1.3)"
    )
    print(f"raw pass, with {len(predicates)} rules           {raw_rules:6.2f} s")
    print(
        f"five gates and {len(predicates)} rules          {ruled:6.2f} s  "
        f"{ruled / raw_rules:4.2f} raw passes with them (at most 3)"
    )
    print(f"raw pass, and {len(detections)} detections       {raw_all:6.2f} s")
    print(
        f"gates, rules, {len(detections)} detections       {everything:6.2f} s  "
        f"{everything / raw_all:4.2f} raw passes with them (at most 3)"
    )
    print(f"                                           {everything / raw_rules:4.2f} raw passes without")
    print(f"the gates in a json loop         {loop:6.2f} s  {loop / gates:4.2f} times the gates (at least 3)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
