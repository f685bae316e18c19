"""HTTP connections that keep one wall-clock deadline per call, name look-up and slow drips included.

httpx bounds each read, not the call: a peer that sends a byte a second holds a one-second timeout for
ever (seen: 12 s on `timeout=1.0`). Here every socket operation gets what is left of the call instead.
Imported late: httpx costs 0.1 s.
"""

import logging
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from mcpsoar.core.errors import Usage
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Network

_CONNECTIONS = 64
# shorter than the 5 s of the commonest servers: a connection they are about to close is not used for a write
_IDLE_S = 4.0


class Transport(httpx.BaseTransport):
    """A pool of connections to one origin, safe to share between threads.

    The request's `deadline` extension is the clock's monotonic time at which its call ends; it covers the
    answer's body too, as long as the same thread reads it. Raises httpx's errors, and Usage for a proxy or a
    certificate that cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        is_reused: bool = True,
        network: Network = Network(),  # noqa: B008 (frozen)
    ) -> None:
        # httpcore's debug lines quote whole answers, and an answer may repeat the token
        logging.getLogger("httpcore").setLevel(logging.INFO)
        self._watch = _Watch(clock)
        self._pool = _pool(url, _Backend(self._watch), network, idle=_CONNECTIONS if is_reused else 0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._watch.until = request.extensions["deadline"]
        assert isinstance(request.stream, httpx.SyncByteStream)  # noqa: S101 (requests are built from bytes)
        url = request.url
        with _httpx_errors():
            left = self._watch.left(httpcore.PoolTimeout)
            response = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), left)},
                )
            )
        kept = {
            name: response.extensions[name] for name in ("network_stream",) if name in response.extensions
        }
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=kept
        )

    def close(self) -> None:
        self._pool.close()


class _Watch(threading.local):
    """The deadline of the call that this thread is making."""

    until = 0.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def left(self, late: type[Exception]) -> float:
        left = self.until - self._clock.monotonic()
        if left <= 0:
            raise late("the call's time is up")
        return left


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _httpx_errors():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, watch: _Watch) -> None:
        self._inner = inner
        self._watch = watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 (the watch decides)
        return self._inner.read(max_bytes, self._watch.left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, self._watch.left(httpcore.WriteTimeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        left = self._watch.left(httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._watch)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()


class _Backend(httpcore.NetworkBackend):
    def __init__(self, watch: _Watch) -> None:
        self._watch = watch
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        places = _addresses(host, port, self._watch.left(httpcore.ConnectTimeout))
        for at, place in enumerate(places, 1):
            try:
                # an address that swallows packets leaves time for the ones after it
                share = self._watch.left(httpcore.ConnectTimeout) / (len(places) - at + 1)
                stream = self._inner.connect_tcp(place, port, share, None, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if at == len(places):
                    raise
            else:
                return _Stream(stream, self._watch)
        raise httpcore.ConnectError("the name has no address")


def _addresses(host: str, port: int, wait_s: float) -> list[str]:
    """What a name stands for. The resolver has no time limit of its own, so it is left behind when late."""
    try:
        return [str(ip_address(host))]
    except ValueError:
        pass
    found: list[str] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                if place[0] not in found:
                    found.append(str(place[0]))
        except (OSError, UnicodeError) as error:
            failed.append(OSError(str(error)))

    thread = threading.Thread(target=look_up, name="mcpsoar-resolve", daemon=True)
    thread.start()
    thread.join(wait_s)
    if failed:
        raise httpcore.ConnectError("the name is not known")
    if thread.is_alive():
        raise httpcore.ConnectTimeout("the name was not resolved in time")
    return found


def _pool(url: str, backend: _Backend, network: Network, *, idle: int) -> httpcore.ConnectionPool:
    """Straight or through the proxy that the profile names, or else the environment, as curl and httpx do.

    Loopback is never proxied: a proxy's loopback is another machine, and the token would travel there.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    settings: dict[str, Any] = {
        "ssl_context": trust(network) if parts.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        "max_connections": _CONNECTIONS,
        "max_keepalive_connections": idle,
        "keepalive_expiry": _IDLE_S,
        "network_backend": backend,
    }
    if network.proxy is None and (is_loopback(host) or proxy_bypass(parts.netloc)):
        return httpcore.ConnectionPool(**settings)
    named = getproxies()
    proxy = network.proxy or named.get(parts.scheme) or named.get("all")
    if not proxy or proxy == "none":
        return httpcore.ConnectionPool(**settings)
    through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if through.scheme not in ("http", "https") or not through.hostname:
        raise Usage(f"a {through.scheme} proxy is named; only http and https proxies are spoken", where=host)
    return httpcore.HTTPProxy(
        proxy_url=httpcore.URL(
            scheme=through.scheme,
            host=through.hostname,
            port=through.port or (443 if through.scheme == "https" else 80),
            target="/",
        ),
        proxy_auth=(unquote(through.username), unquote(through.password or "")) if through.username else None,
        proxy_ssl_context=trust(network) if through.scheme == "https" else None,
        **settings,
    )


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=8)
def trust(network: Network) -> ssl.SSLContext:
    """The authorities that the profile names, or the system's (SSL_CERT_FILE, SSL_CERT_DIR), or certifi's;
    and the client's own certificate. Raises Usage for a file that cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=network.ca)
    except (OSError, ssl.SSLError) as error:
        raise Usage(f"no authority can be read from it: {_why(error)}", where=network.ca) from None
    places = ssl.get_default_verify_paths()
    is_bare = not context.cert_store_stats()["x509_ca"] and not places.cafile and not places.capath
    if network.ca is None and is_bare:
        import certifi

        context.load_verify_locations(certifi.where())
    if network.certificate is not None:
        try:
            # a key with a passphrase would ask on the terminal: nobody is there to answer
            context.load_cert_chain(network.certificate, network.key, password=lambda: "")
        except (OSError, ssl.SSLError) as error:
            words = f"the client certificate cannot be used: {_why(error)} (a key must have no passphrase)"
            raise Usage(words, where=network.key or network.certificate) from None
    return context


def _why(error: OSError) -> str:
    return getattr(error, "reason", None) or error.strerror or type(error).__name__


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """httpcore's errors have httpx's names."""
    try:
        yield
    except (
        httpcore.NetworkError,
        httpcore.TimeoutException,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
