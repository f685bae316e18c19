"""The output stage: what a tool's result says, before a model reads it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mcpsoar.core.digest import Json


class Result(StrEnum):
    """CLEAN passes, REDACT passes with the finds blotted out, QUARANTINE is withheld, ERROR was not read."""

    CLEAN = "CLEAN"
    REDACT = "REDACT"
    QUARANTINE = "QUARANTINE"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found; `output` is the value as it may pass on (unchanged when withheld)."""

    result: Result
    labels: tuple[str, ...]
    output: Json


# what the expressions below read in about a second; assumed
MOST_CHARS = 8_000_000

# high risk: one of these and the whole output is withheld
_SECRETS = {
    "secret.aws_key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "secret.api_key": re.compile(r"\bsk[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9]{16,}\b"),
    "secret.github_token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,}\b"),
    "secret.private_key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "secret.bearer_token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
}
# low risk: blotted out
_PERSONAL = {
    "pii.email": re.compile(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b"),
    "pii.phone": re.compile(r"(?<![\w+])\+\d{1,3}(?:[ -]?\d{2,4}){3,4}\b"),
}
# only noted: people write about such sentences, too
_NOTED = {
    "injection.instruction": re.compile(
        r"\b(?:ignore|disregard) (?:all |any )?(?:the )?(?:previous|earlier|prior) instructions\b",
        re.IGNORECASE,
    ),
}


def classify(value: Json) -> Finding:
    """Look at every text in a JSON value, keys included. More than it can read in time it does not read."""
    if _size(value) > MOST_CHARS:
        return Finding(Result.ERROR, (), value)
    labels: set[str] = set()

    def see(text: str) -> str:
        for label, pattern in (_SECRETS | _NOTED).items():
            if pattern.search(text):
                labels.add(label)
        for label, pattern in _PERSONAL.items():
            text, count = pattern.subn(f"[redacted: {label}]", text)
            if count:
                labels.add(label)
        return text

    output = _mapped(value, see)
    ordered = tuple(sorted(labels))
    if labels & _SECRETS.keys():
        return Finding(Result.QUARANTINE, ordered, value)
    if labels & _PERSONAL.keys():
        return Finding(Result.REDACT, ordered, output)
    return Finding(Result.CLEAN, ordered, value)


def withheld(labels: tuple[str, ...]) -> str:
    """What the model reads instead of a quarantined output: nothing of it."""
    secrets = [label for label in labels if label in _SECRETS]
    return f"[quarantined by the gateway: {', '.join(secrets) or 'not readable'}]"


def _size(value: Json) -> int:
    """How many characters its texts have."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(str(key)) + _size(inner) for key, inner in value.items())
    return sum(_size(inner) for inner in value) if isinstance(value, list | tuple) else 0


def _mapped(value: Json, see: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return see(value)
    if isinstance(value, dict):
        return {see(str(key)): _mapped(inner, see) for key, inner in value.items()}
    return [_mapped(inner, see) for inner in value] if isinstance(value, list | tuple) else value
