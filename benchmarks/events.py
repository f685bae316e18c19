"""A day of generated audit events: the benchmarks' and nobody else's idea of traffic."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 1, tzinfo=UTC)
_SERVERS = ("github", "crm", "files", "search", "mail", "calendar", "billing", "wiki")
_HASH = {name: f"{index:064x}" for index, name in enumerate(_SERVERS, 1)}


def lines(
    count: int, *, seed: int = 7, repeat_share: float = 0.0, conflict_share: float = 0.0
) -> Iterator[str]:
    """`count` events in rough order of time; a share of them repeats an earlier one, or contradicts it."""
    rng = random.Random(seed)
    step_ms = 86_400_000 / count
    recent: list[dict[str, object]] = []
    for index in range(count):
        draw = rng.random()
        if recent and draw < repeat_share:
            yield json.dumps(rng.choice(recent), separators=(",", ":"))
            continue
        if recent and draw < repeat_share + conflict_share:
            other = dict(rng.choice(recent))
            other["tool_name"] = "another_tool"
            yield json.dumps(other, separators=(",", ":"))
            continue
        event = _event(rng, index, START + timedelta(milliseconds=int(index * step_ms)))
        if len(recent) < 1000:
            recent.append(event)
        else:
            recent[index % 1000] = event
        yield json.dumps(event, separators=(",", ":"))


def write(path: Path, count: int, *, repeat_share: float = 0.0, conflict_share: float = 0.0) -> None:
    """Write `count` events as NDJSON."""
    with path.open("w") as out:
        for line in lines(count, repeat_share=repeat_share, conflict_share=conflict_share):
            out.write(line + "\n")


def _event(rng: random.Random, index: int, at: datetime) -> dict[str, object]:
    server = rng.choice(_SERVERS)
    action = rng.choices(("read", "write", "destructive"), (80, 17, 3))[0]
    classified = rng.choices(("CLEAN", "REDACT", "QUARANTINE"), (970, 25, 5))[0]
    return {
        "event_time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "event_id": f"{rng.getrandbits(128):032x}",
        "event_kind": "tool_call",
        "actor_id": f"user-{rng.randrange(500)}",
        "server_name": server,
        "tool_name": f"{server}_{action}_{rng.randrange(9)}",
        "method": "tools/call",
        "action_class": action,
        "decision": "ALLOW" if rng.random() < 0.97 else "DENY",
        "approval_id": f"ap-{index}" if action != "read" and rng.random() < 0.999 else None,
        "scope_match": rng.random() > 0.002,
        "token_aud": [f"https://{server}.example.com/mcp"],
        "server_audience": f"https://{server}.example.com/mcp",
        "manifest_hash": _HASH[server],
        "pinned_manifest_hash": _HASH[server],
        "registry_status": "approved",
        "environment": "production",
        "classifier_result": classified,
        "latency_ms": round(rng.expovariate(0.02), 3),
        "chain_depth": rng.choice((1, 1, 1, 2, 3)),
    }
