"""What a step touches on a ContextForge: tools, virtual servers before a gateway, tokens and their owners.

How many calls there were in the last day it does not tell: its counts are of all time and a minute late, and
by day only of the asker's own tokens (1.0.7).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from mcpsoar.connectors.in_contextforge.directory import Directory, Gateway, Tool
from mcpsoar.connectors.in_contextforge.token_list import Token
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Malformed
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.kit import shape
from mcpsoar.kit.http import Edge
from mcpsoar.kit.joint import Joint
from mcpsoar.kit.pages import pages
from mcpsoar.kit.touched import counted, named, touched

_LISTING_S = 2.0
_ASKED = 20  # virtual servers, one by one: of more it stays unknown
_PAGE = {"include_inactive": "true", "include_pagination": "true", "limit": "100"}


def gateway_touched(step: Step, entry: Gateway, tools: Collection[Tool]) -> Facts:
    """Whether a tool only reads is its own server's word."""
    return touched(
        step.role,
        tools=named(tool.name for tool in tools),
        may_write=named(tool.name for tool in tools if not tool.is_read_only),
        owner=entry.owner,
    )


def tokens_touched(step: Step, going: Collection[Token]) -> Facts:
    owners = [one.owner for one in going]
    return touched(
        step.role,
        tokens=len(going),
        kinds=counted("unscoped" if one.server is None else "scoped" for one in going),
        principals=named(owners) if all(owners) else None,
    )


def tools_touched(step: Step, tools: Iterable[Tool], going: Collection[str]) -> Facts:
    """`going` are ids of those that are to be switched off; their servers are gateways."""
    off = [tool for tool in tools if tool.id in going]
    gateways = {tool.gateway for tool in off}
    servers = None if None in gateways else len(gateways)
    return touched(step.role, tools=named(tool.name for tool in off), servers=servers)


@dataclass(frozen=True, slots=True)
class _Front:
    """A virtual server. `tools` are the ids of those that are on; None where the list does not say."""

    id: str
    name: str
    tools: frozenset[str] | None


class Fronts:
    """Which virtual servers have tools of a gateway. The list shows those tools alone that are on: where some
    are off, each server is asked for all of its own.
    """

    def __init__(self, edge: Edge, clock: Clock, directory: Directory) -> None:
        self._edge = edge
        self._clock = clock
        self._directory = directory
        self._all = Joint(self._listed, clock)

    def of(self, gateway_id: str) -> list[str] | int | None:
        """Their names; None where too many would have to be asked. Raises as a look."""
        listed = self._all.now()
        entry, tools = self._directory.before(gateway_id)  # after the list: what is on was on in it
        own = {tool.id for tool in tools}
        is_whole = entry.enabled and all(tool.enabled for tool in tools)
        found = [one for one in listed if one.tools is not None and one.tools & own]
        doubtful = [one for one in listed if one not in found and not (is_whole and one.tools is not None)]
        if len(doubtful) > _ASKED:
            return None
        found += [one for one in doubtful if self._directory.is_before(one.id, gateway_id)]
        return named(one.name for one in found)

    def _listed(self) -> tuple[_Front, ...]:
        return tuple(
            self._front(item)
            for body in pages(
                self._edge,
                *("v1", "servers"),
                query=_PAGE,
                clock=self._clock,
                seconds=_LISTING_S,
                named="nextCursor",
            )
            for item in shape.items(body, "servers", where=self._edge.where)
        )

    def _front(self, item: Json) -> _Front:
        match item:
            case {"id": str(one), "name": str(name)} if one:
                tools: Any = item.get("associatedToolIds")
                is_told = isinstance(tools, list) and all(isinstance(tool, str) for tool in tools)
                return _Front(one, name, frozenset(tools) if is_told else None)
        raise Malformed("an entry of the list is not as documented", where=self._edge.where)
