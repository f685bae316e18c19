"""One HTTP request and its whole answer: bounded in time and bytes, nothing followed, errors by meaning."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpsoar.core.errors import Denied, Indeterminate, Malformed, Trouble, Unreachable
from mcpsoar.core.ports import Clock

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are lower case; of repeated ones the values are joined with a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TooLarge(Malformed):
    """Who asked for many things may ask for fewer."""


def exchange(
    transport: "httpx.BaseTransport",
    request: "httpx.Request",
    *,
    clock: Clock,
    timeout_s: float,
    limit_bytes: int,
    is_complete: Callable[[Mapping[str, str], bytes], bool] | None = None,
) -> Answer:
    """Send once and read to the end, or until `is_complete(headers, body so far)`.

    `timeout_s` spans everything from name look-up to the last byte; `limit_bytes` holds before and after
    decompression. Raises Unreachable (nothing was sent), Indeterminate (sent, and no whole answer came),
    Malformed (too large, or in a coding that was not asked for), Denied (a request that cannot be sent).
    """
    began = clock.monotonic()
    try:
        answer = _exchanged(
            transport,
            request,
            clock=clock,
            timeout_s=timeout_s,
            limit_bytes=limit_bytes,
            is_complete=is_complete,
        )
    except Trouble as trouble:
        _log(request, type(trouble).__name__, clock.monotonic() - began)
        raise
    _log(request, str(answer.status), clock.monotonic() - began)
    return answer


def _log(request: "httpx.Request", end: str, seconds: float) -> None:
    """One line for whoever asked for it: no query, no header, no body, so no secret."""
    import logging

    path = request.url.raw_path.partition(b"?")[0].decode("ascii", "replace")
    logging.getLogger(__name__).info(
        "%s %s%s: %s in %.0f ms", request.method, _host(request), path, end, seconds * 1000
    )


def _exchanged(
    transport: "httpx.BaseTransport",
    request: "httpx.Request",
    *,
    clock: Clock,
    timeout_s: float,
    limit_bytes: int,
    is_complete: Callable[[Mapping[str, str], bytes], bool] | None,
) -> Answer:
    import httpx

    until = clock.monotonic() + timeout_s
    request.extensions = {**request.extensions, "deadline": until}
    where = _host(request)
    try:
        response = transport.handle_request(request)
        try:
            headers = {name.lower(): value for name, value in response.headers.items()}
            inflate = _inflater(headers.get("content-encoding", "identity"), where)
            body = bytearray()
            wire_bytes = 0
            assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 (a transport's response)
            for chunk in response.stream:
                wire_bytes += len(chunk)
                body += inflate(chunk, limit_bytes + 1 - len(body))
                if max(len(body), wire_bytes) > limit_bytes:
                    raise TooLarge(f"the answer is larger than {limit_bytes} bytes", where=where)
                if is_complete and is_complete(headers, bytes(body)):
                    break
                if clock.monotonic() >= until:
                    raise Indeterminate(f"the answer did not end within {timeout_s:g} s", where=where)
            return Answer(response.status_code, headers, bytes(body))
        finally:
            response.close()
    except httpx.HTTPError as error:
        raise meaning(error, timeout_s, where) from None
    except zlib.error:
        raise Malformed("the answer's compression is broken", where=where) from None


def meaning(error: "httpx.HTTPError", timeout_s: float, where: str) -> Trouble:
    """What a network failure lets the caller do (httpx 0.28: names as in its exception tree)."""
    import httpx

    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return Unreachable(f"no connection within {timeout_s:g} s", where=where)
        case httpx.ConnectError():
            return Unreachable(f"no connection: {_cause(error)}", where=where)
        case httpx.ProxyError():
            return Unreachable("the proxy made no connection", where=where)
        case httpx.LocalProtocolError() | httpx.UnsupportedProtocol():
            return Denied("the request cannot be sent as it stands", where=where)
        case httpx.TimeoutException():
            return Indeterminate(f"no whole answer within {timeout_s:g} s", where=where)
        case httpx.RemoteProtocolError():
            return Indeterminate("the answer broke off or is not HTTP", where=where)
        case _:
            return Indeterminate("the connection broke before the answer was whole", where=where)


def _cause(error: Exception) -> str:
    """Our own words: the text of a TLS error quotes what the other side sent."""
    text = str(error).lower()
    if "certificate" in text:
        return "its TLS certificate is not trusted"
    if "ssl" in text or "tls" in text:
        return "TLS failed"
    return "refused" if "refused" in text else "the name is not known" if "name" in text else "unreachable"


def _inflater(coding: str, where: str) -> Callable[[bytes, int], bytes]:
    """Decompress by hand: a decoder without a limit makes 1 GiB of 1 MiB before anybody can count."""
    if coding in ("", "identity"):
        return lambda chunk, _: chunk
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise Malformed("the answer has a coding that was not asked for", where=where)
    inflater = zlib.decompressobj(wbits=47)  # gzip or zlib, by its head
    return lambda chunk, room: inflater.decompress(chunk, max(room, 1))


def _host(request: "httpx.Request") -> str:
    return request.url.netloc.decode("ascii", "replace")
