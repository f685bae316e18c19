"""What an HTTP status means for the caller of a control plane."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from mcpsoar.core.digest import Json
from mcpsoar.core.errors import (
    Conflict,
    Denied,
    Indeterminate,
    Malformed,
    Trouble,
    UnknownTarget,
    Unreachable,
    Unsupported,
)
from mcpsoar.core.ports import Clock
from mcpsoar.kit.plain import shown

_REASON = 300
_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,39}")
_DIGITS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


class Unknown(Denied):
    """401: who calls is not known, whatever is called for. A 403 may be about one item."""


class Failed(Indeterminate):
    """The other side answered that it failed, which may be about one item: it is there."""


def trouble(
    status: int,
    headers: Mapping[str, str],
    said: Json,
    call: str,
    *,
    where: str,
    is_change: bool,
    clock: Clock,
    reason: str = "",
) -> Trouble:
    """The error for an answer that is not a plain success. `said` is its parsed body, None when unreadable.

    Of the body only a code word (`unknown_server`) is repeated: the rest is a stranger's text.
    A `reason` that the caller took from it is shown on one line, and cut.
    """
    code = _code(said) or shown(" ".join(reason.split())[:_REASON])
    words = f"{call} answered {status} {_phrase(status)}" + (f" ({code})" if code else "")
    later = retry_after_s(headers, clock)
    if status == 429 or (status == 503 and later is not None) or status == 425:
        wait = "" if later is None else f"; it asks for {later:.0f} s"
        return Unreachable(words + wait, where=where, retry_after_s=later)
    if status in (202, 408) or (status >= 500 and status != 501):
        kind: type[Trouble] = Failed if is_change or status != 202 else Malformed
        return kind(words, where=where)
    if 300 <= status < 400:
        return Denied(f"{words}: redirects are not followed; correct the address", where=where)
    if status in (409, 412, 423):
        return Conflict(words, where=where)
    if status in (404, 405, 501) and not is_change and code != "unknown_server":
        return Unsupported(f"{words}: there is no such read-back", where=where)
    if status == 404 and code == "unknown_server":
        return UnknownTarget(words, where=where)
    if status >= 400:
        return (Unknown if status == 401 else Denied)(words, where=where)
    return Malformed(words, where=where)


def retry_after_s(headers: Mapping[str, str], clock: Clock) -> float | None:
    """Seconds to wait: Retry-After as seconds or as a date (RFC 9110 §10.2.3), or a reset in epoch seconds.

    None when none is named, or it cannot be read.
    """
    text = headers.get("retry-after", "").strip()
    if _DIGITS.fullmatch(text):
        return float(text)
    reset = headers.get("x-rate-limit-reset", "").strip()  # Okta: epoch seconds
    try:
        if text:
            at = parsedate_to_datetime(text)
        elif _DIGITS.fullmatch(reset):
            at = datetime.fromtimestamp(float(reset), UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - clock.now()).total_seconds())


def _code(said: Json) -> str:
    code = said.get("error") if isinstance(said, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(no known status)"
