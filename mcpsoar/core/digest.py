"""Canonical JSON, digests, and the hash chain that a journal is made of."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Any  # None, bool, int, float, str, list, tuple or dict of the same: mypy has no finite form
Facts: TypeAlias = Mapping[str, Json]

GENESIS = "sha256:" + "0" * 64


def canonical(value: Json) -> bytes:
    """One spelling per value: keys sorted, no spaces, UTF-8. Raises ValueError on NaN and infinities."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8", "surrogatepass")


def sha256(data: bytes) -> str:
    """`sha256:` and 64 hex digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest(value: Json) -> str:
    """The digest of a value's canonical spelling: layout and key order do not matter."""
    return sha256(canonical(value))


def chained(previous: str, body: Json) -> str:
    """The next link: covers the body and, through `previous`, everything before it."""
    return sha256(previous.encode() + b"\n" + canonical(body))


def effect_key(run: str, step: str, direction: str) -> str:
    """The Idempotency-Key of one change.

    The direction is part of it: otherwise an idempotent server takes an undo for a replay of the apply.
    """
    return hashlib.sha256(canonical([run, step, direction])).hexdigest()
