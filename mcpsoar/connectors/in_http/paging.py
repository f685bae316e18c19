"""A list that comes in pages: every one of them, or an error."""

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import SplitResult, parse_qsl, unquote, urljoin, urlsplit

from mcpsoar.connectors.in_http.pointer import NOTHING, found, written
from mcpsoar.connectors.in_http.said import Call, Next
from mcpsoar.connectors.in_http.template import Fill, filled
from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Denied, Indeterminate, Malformed, Trouble
from mcpsoar.core.ports import Clock
from mcpsoar.kit.http import Edge, segment

_PAGES = 1000
_LISTING_S = 30.0
_PORTS = {"http": 80, "https": 443}


def pages(
    edge: Edge,
    call: Call,
    after: Next | None,
    fill: Fill,
    *,
    absent: Callable[[int, Json], bool],
    clock: Clock,
) -> Iterator[Json]:
    """Each page's body. Raises what `Edge.find` and `absent` do, Malformed for a page that does
    not say which is next, or names one that was read or lies elsewhere, and Indeterminate for a list that
    changed while it was read or did not end in time.
    """
    path, query = filled(call.path, fill), filled(call.query, fill)
    asked = [query]
    until = clock.monotonic() + _LISTING_S
    while True:
        try:
            reply = edge.find(*path, query=query, absent=absent)
        except Denied as refused:
            if len(asked) == 1:
                raise
            raise _changed(edge, refused.message) from None
        body = reply.body if reply else None
        yield body
        query = _next(edge, path, asked[0], after, body) if after else None
        if query is None:
            return
        if query in asked:
            raise Malformed("the list has no end: its pages repeat", where=edge.where)
        asked.append(query)
        if len(asked) > _PAGES or clock.monotonic() > until:
            raise Indeterminate("the list did not end in time", where=edge.where)


def _next(
    edge: Edge, path: list[str], query: Mapping[str, str], after: Next, body: Json
) -> dict[str, str] | None:
    """What to ask for the page after this one; None: this is the last."""
    value = found(body, after.pointer)
    if value is NOTHING and not after.is_optional:
        words = f"a page does not say at {written(after.pointer)} which is next"
        raise Malformed(f"{words}; if the last one leaves it out, say optional = true", where=edge.where)
    if value is NOTHING or value is None or value is False or value == "":
        return None
    if not isinstance(value, str | int) or value is True:
        raise Malformed("a page names the next by something that is no text", where=edge.where)
    if after.query is not None:
        return {**query, after.query: str(value)}
    return _linked(edge, path, str(value))


def _linked(edge: Edge, path: list[str], link: str) -> dict[str, str]:
    """The query of a link to the same list. Of a link nothing else is used, so it leads nowhere else."""
    here = f"{edge.base_url}/{'/'.join(segment(part) for part in path)}"
    try:
        there = urlsplit(urljoin(here, link))
        pairs = parse_qsl(there.query, keep_blank_values=True, strict_parsing=True)
        is_same = _address(there) == _address(urlsplit(here))
    except ValueError:
        is_same, pairs = False, []
    if not is_same or len(dict(pairs)) != len(pairs):
        raise Malformed("the link to the next page leads elsewhere", where=edge.where)
    return dict(pairs)


def _address(url: SplitResult) -> tuple[str, str | None, int | None, list[str]]:
    segments = [unquote(part) for part in url.path.split("/")]
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme), segments


def _changed(edge: Edge, why: str) -> Trouble:
    # what a cursor stood on may be gone since: begin again
    return Indeterminate(f"the list changed while it was read: {why}", where=edge.where)
