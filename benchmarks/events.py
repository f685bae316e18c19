"""A day of generated audit events: the benchmarks' and nobody else's idea of traffic.

Conversations of about thirty calls, many at a time, in traces of a few calls; tokens that live for an hour.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 1, tzinfo=UTC)
_SERVERS = ("github", "crm", "files", "search", "mail", "calendar", "billing", "wiki")
_ACTIVE = 400  # conversations at a time
_HASH = {name: f"{index:064x}" for index, name in enumerate(_SERVERS, 1)}


def lines(
    count: int, *, seed: int = 7, repeat_share: float = 0.0, conflict_share: float = 0.0
) -> Iterator[str]:
    """`count` events in rough order of time; a share of them repeats an earlier one, or contradicts it."""
    rng = random.Random(seed)
    step_ms = 86_400_000 / count
    recent: list[dict[str, object]] = []
    talks = [_Talk(rng) for _ in range(_ACTIVE)]
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
        turn = rng.randrange(_ACTIVE)
        if rng.random() < 1 / 30:
            talks[turn] = _Talk(rng)
        event = _event(rng, index, START + timedelta(milliseconds=int(index * step_ms)), talks[turn])
        if len(recent) < 1000:
            recent.append(event)
        else:
            recent[index % 1000] = event
        yield json.dumps(event, separators=(",", ":"))


class _Talk:
    """One conversation, and the trace that it is in."""

    def __init__(self, rng: random.Random) -> None:
        self.id = f"c-{rng.getrandbits(64):016x}"
        self.actor = f"user-{rng.randrange(500)}"
        self.trace = f"{rng.getrandbits(128):032x}"
        self.depth = 0
        self.is_tainted = False

    def step(self, rng: random.Random) -> int:
        """How deep the next call lies."""
        if rng.random() < 0.4:
            self.trace, self.depth = f"{rng.getrandbits(128):032x}", 0
        self.depth = min(self.depth + 1, 3)
        return self.depth


def write(path: Path, count: int, *, repeat_share: float = 0.0, conflict_share: float = 0.0) -> None:
    """Write `count` events as NDJSON."""
    with path.open("w") as out:
        for line in lines(count, repeat_share=repeat_share, conflict_share=conflict_share):
            out.write(line + "\n")


def _event(rng: random.Random, index: int, at: datetime, talk: _Talk) -> dict[str, object]:
    server = rng.choice(_SERVERS)
    depth = talk.step(rng)
    tool = rng.randrange(9)
    is_open = server == "search"
    is_wrong = rng.random() < 0.01
    action = rng.choices(("read", "write", "destructive"), (80, 17, 3))[0]
    classified = rng.choices(("CLEAN", "REDACT", "QUARANTINE"), (970, 25, 5))[0]
    talk.is_tainted = talk.is_tainted or is_open
    return {
        "event_time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "event_id": f"{rng.getrandbits(128):032x}",
        "event_kind": "tool_call",
        "actor_id": talk.actor,
        "client_id": f"client-{int(talk.actor[5:]) % 9}",
        "server_name": server,
        "tool_name": f"{server}_{action}_{tool}",
        "method": "tools/call",
        "action_class": action,
        "open_world": is_open,
        "decision": "ALLOW" if rng.random() < 0.97 else "DENY",
        "approval_id": f"ap-{index}" if action != "read" and rng.random() < 0.999 else None,
        "token_jti": f"{talk.actor}-{at.hour:02}-{server}",
        "token_scopes": [f"{server}:read", f"{server}:write"][: 1 + (action != "read")],
        "scope_match": rng.random() > 0.002,
        "token_aud": [f"https://{server}.example.com/mcp"],
        "server_audience": f"https://{server}.example.com/mcp",
        "manifest_hash": _HASH[server],
        "pinned_manifest_hash": _HASH[server],
        "server_fingerprint": _HASH[server][::-1],
        "registry_status": "approved",
        "environment": "production",
        "conversation_id": talk.id,
        "trace_id": talk.trace,
        "span_id": f"{index:016x}",
        "untrusted_context": talk.is_tainted,
        "classifier_result": classified,
        "classifier_labels": ["pii.email"] if classified == "REDACT" else [],
        "status": "error" if is_wrong else "ok",
        "is_error": is_wrong,
        "latency_ms": round(rng.expovariate(0.02), 3),
        "args_hash": f"{rng.getrandbits(256):064x}" if rng.random() < 0.9 else f"{tool:064x}",
        "bytes_out": int(rng.expovariate(0.0005)),
        "chain_depth": depth,
        "gateway": "edge",
    }
