"""The edge: every call to a control plane goes through here and fails by what the caller must do."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from mcpsoar import __version__
from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Malformed, Unreachable, Usage
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Network
from mcpsoar.core.secret import Secret
from mcpsoar.kit import status, strictjson
from mcpsoar.kit.body import Body
from mcpsoar.kit.budget import Rank, budget_of
from mcpsoar.kit.credentials import Bearer, Credentials
from mcpsoar.kit.exchange import Answer, exchange

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 10.0
USER_AGENT = f"mcpsoar/{__version__}"
LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Reply:
    """A 200, 201 or 204. `body` is parsed JSON, None where a change was only acknowledged.

    Header names are lower case.
    """

    status: int
    body: Json
    headers: Mapping[str, str]


class Edge:
    """One control plane at one address. Safe to share between threads. A call waits for its turn where the
    network has a budget, `timeout_s` at most for a host that asked for silence.

    Connections are kept and reused. No redirect is followed, no cookie kept, no change tried twice; the token
    goes to this origin only, after `scheme` (empty: alone) in `header`. Once it is refused (401, 403) the
    `spares` follow, in order: a read is repeated at once, of a change the caller is told that it was not
    processed. `timeout_s` bounds a whole call, `limit_bytes` its answer.
    Raises Usage for an address or token that cannot be used; the first call opens the first connection.
    """

    def __init__(
        self,
        base_url: str,
        token: Secret | None,
        *,
        clock: Clock,
        timeout_s: float = TIMEOUT_S,
        limit_bytes: int = LIMIT_BYTES,
        header: str = "Authorization",
        scheme: str = "Bearer",
        headers: Mapping[str, str] | None = None,
        spares: Sequence[Secret] = (),
        network: Network = Network(),  # noqa: B008 (frozen)
        bearer: Bearer | None = None,
        reason: Callable[[Json], str] | None = None,
        transport: "httpx.BaseTransport | None" = None,
    ) -> None:
        self.base_url = checked_url(base_url)
        self.where = urlsplit(self.base_url).netloc
        self._tokens: Bearer = bearer or Credentials((token, *spares), where=self.where)
        self._network = network
        self._budget = budget_of(network)
        self._clock = clock
        self._timeout_s = timeout_s
        self._limit_bytes = limit_bytes
        self._header = header
        self._scheme = f"{scheme} " if scheme else ""
        self._own_headers = dict(headers or {})
        self._reason = reason
        self._transport = transport
        self._lock = threading.Lock()

    def read(self, *path: str, query: Mapping[str, str] | None = None) -> Reply:
        """GET. Each part of `path` is data and becomes one segment.

        Raises Unreachable, Indeterminate, Denied (401, 403, an unknown server, a redirect), Malformed,
        Unsupported (any other 404, 405, 501: there is no such read).
        """
        return self._call("GET", path, query)

    def find(
        self,
        *path: str,
        absent: Callable[[int, Json], bool],
        query: Mapping[str, str] | None = None,
        body: Json = None,
    ) -> Reply | None:
        """What `read` finds, or None where `absent(status, body)` knows the answer for "there is none".

        With a `body` it is a POST that changes nothing. Raises as `read`.
        """
        method = "GET" if body is None else "POST"
        reply = self._call(method, path, query, body=body, absent=absent)
        return None if reply.status >= 400 else reply

    def change(
        self,
        method: str,
        *path: str,
        key: str | None = None,
        body: Json | Body = None,
        query: Mapping[str, str] | None = None,
        absent: Callable[[int, Json], bool] | None = None,
    ) -> Reply:
        """One change, sent once, under an Idempotency-Key where there is one. An answer that `absent(status,
        body)` knows for "it was so before" is returned as any other.

        Raises Unreachable (not processed: repeating is safe), Indeterminate (it may have been: look first;
        202 is one of these), Denied, Conflict (409, 412), Malformed (a 200 whose body is not plain JSON).
        """
        return self._call(method, path, query, is_change=True, key=key, body=body, absent=absent)

    def close(self) -> None:
        self._tokens.close()
        with self._lock:
            if self._transport is not None:
                self._transport.close()

    def _call(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str] | None,
        *,
        is_change: bool = False,
        key: str | None = None,
        body: Json | Body = None,
        absent: Callable[[int, Json], bool] | None = None,
    ) -> Reply:
        import httpx

        target = "/".join(segment(part) for part in path)
        url = f"{self.base_url}/{target}" + (f"?{urlencode(query)}" if query else "")
        sent = body if body is None or isinstance(body, Body) else _json(body)
        left = self._tokens.most
        while True:
            left -= 1
            token = self._tokens.current
            if self._budget:
                rank = Rank.WRITE if is_change else Rank.READ
                self._budget.turn(urlsplit(url).path, rank, within_s=self._timeout_s)
            request = httpx.Request(
                method,
                url,
                headers=self._headers(token, key, sent.media if sent else None),
                content=sent.content if sent else None,
            )
            answer = exchange(
                self._connections(),
                request,
                clock=self._clock,
                timeout_s=self._timeout_s,
                limit_bytes=self._limit_bytes,
            )
            if self._budget:
                self._budget.heard(urlsplit(url).path, answer.status, answer.headers, answer.body, rank)
            is_refused = answer.status in (401, 403) and left > 0
            if not is_refused or not self._tokens.refused(token, answer.status):
                return self._judged(answer, f"{method} /{target}", is_change=is_change, absent=absent)
            if is_change:
                raise Unreachable(
                    f"{method} /{target} answered {answer.status}: the next credential is used",
                    where=self.where,
                    retry_after_s=0.0,
                )

    def _judged(
        self,
        answer: Answer,
        call: str,
        *,
        is_change: bool,
        absent: Callable[[int, Json], bool] | None,
    ) -> Reply:
        if answer.status in (200, 201, 204):
            # a change may be acknowledged by its status alone; a read that shows nothing is no read
            is_bare = answer.status == 204 or not answer.body
            return Reply(
                answer.status, None if is_bare and is_change else self._parsed(answer), answer.headers
            )
        try:
            said = self._parsed(answer)
        except Malformed:
            said = None
        if absent and absent(answer.status, said):
            return Reply(answer.status, None, answer.headers)
        raise status.trouble(
            answer.status,
            answer.headers,
            said,
            call,
            where=self.where,
            is_change=is_change,
            clock=self._clock,
            reason=self._reason(said) if self._reason and answer.status < 500 else "",
        )

    def _parsed(self, answer: Answer) -> Json:
        return self._tokens.masked(strictjson.parse(answer.body, where=self.where))

    def _headers(self, token: Secret | None, key: str | None, media: str | None) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # a small answer needs no coding, a bomb is not invited
            "User-Agent": USER_AGENT,
            **self._own_headers,
        }
        if token:
            headers[self._header] = self._scheme + token.reveal()
        if key is not None:
            headers["Idempotency-Key"] = key
        if media is not None:
            headers["Content-Type"] = media
        return headers

    def _connections(self) -> "httpx.BaseTransport":
        with self._lock:
            if self._transport is None:
                from mcpsoar.kit.transport import Transport

                self._transport = Transport(self.base_url, clock=self._clock, network=self._network)
            return self._transport


def _json(value: Json) -> Body:
    return Body(json.dumps(value, allow_nan=False).encode(), "application/json")


def segment(text: str) -> str:
    """One percent-encoded path segment. Raises Usage for what no segment can carry: '', '.', '..'."""
    if text in ("", ".", ".."):
        raise Usage(f"{text!r} cannot stand in a URL path")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise Usage("a name holds half a character and cannot stand in a URL path") from None


def checked_url(url: str) -> str:
    """An http(s) address without its last slash. Raises Usage, and shows no credentials while it does."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not url.isascii() or not url.isprintable() or " " in url:
        raise Usage("an address must look like https://control-plane.example.com/api")
    if parts.username is not None or parts.password is not None:
        raise Usage("an address holds no user or password; name a token instead", where=parts.hostname)
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise Usage("an address has no query and no fragment", where=parts.hostname)
    return url.rstrip("/")
