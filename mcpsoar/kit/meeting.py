"""A first meeting with a host: what its clock says, and how long its certificate is good."""

import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Network

if TYPE_CHECKING:
    import httpx

_HEARD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Meeting:
    """`ahead_s` is how far its clock is ahead of ours, give or take a second. None: it does not say."""

    ahead_s: float | None
    good_until: datetime | None


def meet(url: str, network: Network, *, clock: Clock, timeout_s: float) -> Meeting:
    """One GET of the root of that origin, with no token; any answer will do.

    Raises Unreachable, Indeterminate, and Usage for a proxy or certificate that cannot be used.
    """
    import httpx

    from mcpsoar.kit.exchange import meaning
    from mcpsoar.kit.transport import Transport

    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}/"
    transport = Transport(root, clock=clock, is_reused=False, network=network)
    asked_at, until = clock.now(), clock.monotonic() + timeout_s
    request = httpx.Request("GET", root, extensions={"deadline": until})
    try:
        response = transport.handle_request(request)
        try:
            between = asked_at + (clock.now() - asked_at) / 2
            met = Meeting(_ahead_s(response, between), _good_until(response))
            _hear_out(response)
            return met
        finally:
            response.close()
    except httpx.HTTPError as error:
        raise meaning(error, timeout_s, parts.netloc) from None
    finally:
        transport.close()


def _hear_out(response: "httpx.Response") -> None:
    """To its end, if that is near: a host that is cut off in the middle logs an error of its own."""
    import httpx

    heard = 0
    with suppress(httpx.HTTPError):
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 (a transport's response)
        for chunk in response.stream:
            heard += len(chunk)
            if heard > _HEARD_BYTES:
                break


def _ahead_s(response: "httpx.Response", now: datetime) -> float | None:
    try:
        said = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return None
    return ((said if said.tzinfo else said.replace(tzinfo=UTC)) - now).total_seconds()


def _good_until(response: "httpx.Response") -> datetime | None:
    stream = response.extensions.get("network_stream")
    encrypted = stream.get_extra_info("ssl_object") if stream is not None else None
    ends = (encrypted.getpeercert() or {}).get("notAfter") if encrypted is not None else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None
