"""What a ContextForge has: gateway entries, their tools, and which virtual servers are before them."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any, TypeAlias

from mcpsoar.core.digest import Facts, Json, digest
from mcpsoar.core.errors import Denied, Malformed, UnknownTarget
from mcpsoar.core.ports import Clock
from mcpsoar.kit import shape
from mcpsoar.kit.exchange import TooLarge
from mcpsoar.kit.http import Edge
from mcpsoar.kit.joint import Joint
from mcpsoar.kit.pages import pages

LISTING_S = 60.0
BEHIND_S = 300.0
RECENT_S = 10.0  # so old may be what was read before a change, and for many servers at once
LIMIT_BYTES = 8 << 20
MARKS = {"version": "version", "modified_by": "modifiedBy"}
_TOLD = ("name", "description", "inputSchema", "annotations")
_PAGE = {"include_inactive": "true", "include_pagination": "true"}
# 500 is the most that it gives; what a tool says of itself is its server's to write, and may be long
_PAGES = (500, 100, 10, 1)


@dataclass(frozen=True, slots=True)
class Gateway:
    """One entry of the registry. `updated_at` is the plane's clock. `marks` are as the plane writes them. An
    edit alone moves them; `updated_at` is moved by switches, and by health checks while it is off (1.0.7).
    `tools` is how many it has, 0 where that is not told; `owner` is an e-mail address.
    """

    id: str
    name: str
    slug: str
    enabled: bool
    updated_at: datetime | None
    marks: Facts
    tools: int = 0
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """`is_read_only` is what the tool's own server says of it: anything else may write. `name` is what calls
    name, `original` what the tool's own server calls it. `updated_at` is the plane's clock. `edit` is its
    version and by whom: a switch, its own or its entry's, makes none. `manifest` is the digest of what agents
    are told of it.
    """

    id: str
    name: str
    original: str
    gateway: str | None
    is_read_only: bool
    enabled: bool
    updated_at: datetime | None
    edit: str
    manifest: str


_Listing: TypeAlias = tuple[dict[str, tuple[Tool, ...]], dict[str, Gateway]]


class Directory:
    """Lists are read whole, with what is disabled; which entry a name means is found once. Errors: Edge's.

    Of one entry is asked alone, unless more threads want to know than the lists have pages: they share these.
    """

    def __init__(self, edge: Edge, clock: Clock) -> None:
        self._edge = edge
        self._where = edge.where
        self._clock = clock
        self._found: dict[str, str] = {}
        self._listed: tuple[Gateway, ...] | None = None
        self._lock = threading.Lock()
        self._entries = Joint(self._read_entries, clock)
        self._all = Joint(self._read_all, clock)
        self._asking = 0
        self._asking_lock = threading.Lock()
        self._behind: dict[str, tuple[float, frozenset[str]]] = {}
        self._behind_lock = threading.Lock()

    def find(self, server: str) -> str:
        """The id of the one entry that is meant. Raises UnknownTarget, and Denied where several are."""
        with self._lock:
            if server not in self._found:
                self._found[server] = self._meant(server)
            return self._found[server]

    def gateway(self, gateway_id: str) -> Gateway:
        """One entry as it is now: nothing that was read before this was asked."""
        with self._crowd() as asking:
            found = self._entries.now().get(gateway_id) if asking > _pages(len(self._listed or ())) else None
            return found or self._alone(gateway_id)

    def before(self, gateway_id: str) -> tuple[Gateway, tuple[Tool, ...]]:
        """An entry and its tools before a change of ours, `RECENT_S` old at most.

        Of a gateway that is off all tools are shown as off, and nobody can see which were before: the entry
        is asked last, for it may be switched off meanwhile.
        """
        return self._together(gateway_id, lambda: self._all.recent(RECENT_S))

    def after(self, gateway_id: str) -> tuple[Gateway, tuple[Tool, ...]]:
        """The same after a change: nothing that was read before this was asked."""
        return self._together(gateway_id, self._all.now)

    def changed(self) -> None:
        """To be called after a change of ours: what was read before it is recent no longer."""
        self._all.changed()

    def gateways(self) -> tuple[Gateway, ...]:
        return tuple(self._gateway(item) for item in self._listed_as("gateways", {}))

    def tools(self, gateway_id: str | None = None) -> tuple[Tool, ...]:
        """Of one gateway, or all."""
        query = {"gateway_id": gateway_id} if gateway_id else {}
        found = (self._tool(item) for item in self._listed_as("tools", query))
        # filtered here as well as there
        return tuple(tool for tool in found if gateway_id in (None, tool.gateway))

    def is_before(self, virtual_server: str, gateway_id: str) -> bool:
        """Whether a virtual server has tools of this gateway; one that is gone has none.

        What was read holds for a while: for each of many gateways all these servers are asked after.
        """
        with self._behind_lock:
            read_at, behind = self._behind.get(virtual_server, (-inf, frozenset()))
            now = self._clock.monotonic()
            if now - read_at > BEHIND_S:
                behind = self._gateways_behind(virtual_server)
                self._behind[virtual_server] = now, behind
            return gateway_id in behind

    def _together(self, gateway_id: str, listing: Callable[[], _Listing]) -> tuple[Gateway, tuple[Tool, ...]]:
        known = self._listed or ()
        total = _pages(len(known)) + _pages(sum(one.tools for one in known))
        with self._crowd() as asking:
            if asking > total:
                tools, entries = listing()
                if gateway_id in entries:
                    return entries[gateway_id], tools.get(gateway_id, ())
            found = self.tools(gateway_id)
            return self._alone(gateway_id), found

    @contextmanager
    def _crowd(self) -> Iterator[int]:
        """How many threads ask of one entry, with this one."""
        with self._asking_lock:
            self._asking += 1
            asking = self._asking
        try:
            yield asking
        finally:
            with self._asking_lock:
                self._asking -= 1

    def _alone(self, gateway_id: str) -> Gateway:
        found = self._gateway(self._edge.read("v1", "gateways", gateway_id).body)
        if found.id != gateway_id:
            raise Malformed("the answer is of another gateway", where=self._where)
        return found

    def _read_entries(self) -> dict[str, Gateway]:
        return {one.id: one for one in self.gateways()}

    def _read_all(self) -> _Listing:
        """Tools by gateway, and then the entries."""
        found: dict[str, list[Tool]] = {}
        for tool in self.tools():
            found.setdefault(tool.gateway or "", []).append(tool)
        return {gateway: tuple(own) for gateway, own in found.items()}, self._read_entries()

    def _gateways_behind(self, virtual_server: str) -> frozenset[str]:
        reply = self._edge.find(
            "v1",
            "servers",
            virtual_server,
            "tools",
            absent=lambda status, _: status == 404,
            query={"include_inactive": "true"},
        )
        if reply is None:
            return frozenset()
        if not isinstance(reply.body, list):
            raise Malformed("the tools of a virtual server are no list", where=self._where)
        return frozenset(gateway for item in reply.body if (gateway := self._tool(item).gateway))

    def _meant(self, server: str) -> str:
        known = self._listed or ()
        if not any(server in (one.id, one.name, one.slug) for one in known):
            known = self._listed = self.gateways()
        by_id = [one.id for one in known if one.id == server]
        found = by_id or [one.id for one in known if server in (one.name, one.slug)]
        if not found:
            raise UnknownTarget(f"no gateway is called {server}", where=self._where)
        if len(set(found)) > 1:
            raise Denied(
                f"{len(found)} gateways are called {server}: name the id of one ({', '.join(sorted(found))})",
                where=self._where,
            )
        return found[0]

    def _listed_as(self, kind: str, query: Mapping[str, str]) -> list[Any]:
        for limit in _PAGES[:-1]:
            try:
                return self._in_pages(kind, query, limit)
            except TooLarge:
                continue
        return self._in_pages(kind, query, _PAGES[-1])

    def _in_pages(self, kind: str, query: Mapping[str, str], limit: int) -> list[Any]:
        return [
            item
            for body in pages(
                self._edge,
                "v1",
                kind,
                query={**_PAGE, **query, "limit": str(limit)},
                clock=self._clock,
                seconds=LISTING_S,
                named="nextCursor",
            )
            for item in shape.items(body, kind, where=self._where)
        ]

    def _gateway(self, item: Json) -> Gateway:
        gateway_id, name, is_enabled = self._entry(item)
        slug, tools, owner = item.get("slug"), item.get("toolCount"), item.get("ownerEmail")
        return Gateway(
            gateway_id,
            name,
            slug if isinstance(slug, str) else name,
            is_enabled,
            instant(item.get("updatedAt")),
            {name: item[said] for name, said in MARKS.items() if said in item},
            tools if isinstance(tools, int) else 0,
            owner if isinstance(owner, str) else None,
        )

    def _tool(self, item: Json) -> Tool:
        tool_id, name, is_enabled = self._entry(item)
        gateway, annotations = item.get("gatewayId"), item.get("annotations")
        is_read_only = isinstance(annotations, dict) and annotations.get("readOnlyHint") is True
        original = item.get("originalName")
        return Tool(
            tool_id,
            name,
            original if isinstance(original, str) else name,
            gateway if isinstance(gateway, str) else None,
            is_read_only,
            is_enabled,
            instant(item.get("updatedAt")),
            f"version {item.get('version')} by {item.get('modifiedBy') or 'nobody'}",
            digest({name: item.get(name) for name in _TOLD}),
        )

    def _entry(self, item: Json) -> tuple[str, str, bool]:
        """id, name and whether it is enabled."""
        match item:
            case {"id": str(one), "name": str(name), "enabled": bool(is_enabled)} if one:
                return one, name, is_enabled
        raise Malformed("an entry of the list is not as documented", where=self._where)


def _pages(items: int) -> int:
    return max(1, -(-items // _PAGES[0]))


def instant(text: Json) -> datetime | None:
    """A time as this API writes it: UTC, without saying so. None for what is none."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
