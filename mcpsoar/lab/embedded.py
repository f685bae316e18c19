"""The embedded lab: real MCP servers behind the gateway, and the control plane, at one loopback address."""

import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from anyio.from_thread import BlockingPortal
from starlette.routing import Route

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.core.ports import Clock
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.api import control_routes, mounted
from mcpsoar.lab.approvals import Approvals, Windows
from mcpsoar.lab.audit import AuditLog
from mcpsoar.lab.faults import Faults
from mcpsoar.lab.gateway import Gateway, Rooms
from mcpsoar.lab.manifest import manifest_hash
from mcpsoar.lab.plane import Plane
from mcpsoar.lab.policy import Weakness
from mcpsoar.lab.records import ApprovalMode, Entry, Role, Token, TokenKind
from mcpsoar.lab.registrar import Registrar
from mcpsoar.lab.seed import seed
from mcpsoar.lab.served import Hosted, Served
from mcpsoar.lab.servers import crm, github, helper, jira, notes, web
from mcpsoar.lab.serving import serving
from mcpsoar.lab.tokens import ISSUER, Tokens
from mcpsoar.lab.upstream import Upstream

if TYPE_CHECKING:
    from starlette.applications import Starlette

REGISTERED = ("crm", "github", "jira", "notes", "web")
_BUILDERS: tuple[Callable[[], Served], ...] = (
    crm.build,
    github.build,
    helper.build,
    jira.build,
    notes.build,
    web.build,
)


@dataclass(frozen=True, slots=True)
class Lab:
    """A running lab. `token` is a responder's bearer for the control plane; the operator's may do everything.

    `audit_log` is the file that the gateway appends to; `servers` are the registered ones.
    """

    url: str
    token: str = field(repr=False)
    operator_token: str = field(repr=False)
    plane: Plane
    faults: Faults
    audit_log: Path
    _tokens: Tokens
    _approvals: Approvals
    _windows: Windows
    _registrar: Registrar
    _gateway: Gateway
    _served: Mapping[str, Hosted]
    _in_loop: Callable[[Callable[[], Awaitable[Any]]], Any]
    servers: tuple[str, ...] = REGISTERED

    def issue(
        self,
        actor: str,
        audience: str | tuple[str, ...],
        *,
        kind: Literal["opaque", "jwt"] = "opaque",
        scopes: tuple[str, ...] = (),
        tags: tuple[str, ...] = (),
        actor_type: str = "human",
        client_id: str = "",
        ttl_s: float = 3600.0,
    ) -> str:
        """Issue a token of the data plane and return its text. Scopes are `server:read`, `server:write`,
        `server:destructive`."""
        token = Token(
            id=f"{kind}-{secrets.token_hex(8)}",
            kind=TokenKind(kind),
            audience=(audience,) if isinstance(audience, str) else audience,
            expires_at=self.plane.now() + ttl_s,
            scopes=scopes,
            client_id=client_id,
            actor=actor,
            actor_type=actor_type,
            tags=tags,
            issuer=ISSUER,
        )
        return self._tokens.issue(token)

    def approve(self, server: str, tool: str, arguments: Facts, actor: str, *, by: str) -> str:
        """Approve one call (and one retry of it) for 15 minutes; returns the id that it must carry."""
        return self._approvals.grant(server, tool, arguments, actor, by=by)

    def observe(self, server: str, on: bool = True) -> None:  # noqa: FBT001, FBT002 (reads as a sentence)
        """Let unapproved writes to one server through and only write them down; off: hold them again."""
        mode = ApprovalMode.OBSERVE if on else ApprovalMode.ENFORCE
        self.plane.register(replace(self._entry(server), approval_mode=mode))

    def rug_pull(self, server: str) -> None:
        """Make a server change a tool's description or parameters while its clients are connected."""
        self._in_loop(self._of(server).turn)

    def restore_manifest(self, server: str) -> None:
        """Make a server offer its first manifest again."""
        self._in_loop(self._of(server).turn_back)

    def pin(self, server: str) -> str:
        """Approve the manifest as it is now; returns its hash."""
        entry, upstream = self._entry(server), Upstream(server, self._of(server).app)
        tools: tuple[Facts, ...] = self._in_loop(upstream.tools)
        self.plane.register(replace(entry, tools=tools, pin=manifest_hash(tools)))
        return manifest_hash(tools)

    def deploy_window(self, server: str, ticket: str, seconds: float) -> None:
        """Announce a change of a server's manifest, from now on."""
        self._windows.announce(server, ticket, seconds)

    def executed(self, server: str) -> int:
        """How many tool calls reached the server itself since the lab came up: the truth behind it all."""
        return self._of(server).runs

    def weaken(self, control: str) -> None:
        """Switch a control of the gateway off, by its name in `Weakness`: `registry`, `tokens`, …"""
        self._gateway.weaken(Weakness(control))

    def register(self, entry: Entry, *, by: str, ticket: str | None = None) -> None:
        """Change the registry as governance does: it is in the audit log, with its ticket or without one."""
        self._registrar.register(entry, by=by, ticket=ticket)

    def stall(self, server: str, wait: Callable[[], None] | None) -> None:
        """Make each tool call of one of the lab's own servers wait first; None: no longer."""
        one = self._of(server)
        if not isinstance(one, Served):
            raise Usage(f"{server!r} is no server of the lab's own")
        one.stall = wait

    def _of(self, server: str) -> Hosted:
        if server not in self._served:
            raise Usage(f"the lab has no server {server!r}")
        return self._served[server]

    def _entry(self, server: str) -> Entry:
        entry = self.plane.server(server)
        if entry is None:
            raise Usage(f"{server!r} is not registered")
        return entry


@contextmanager
def lab(
    home: Path,
    *,
    port: int = 0,
    page_size: int = 50,
    clock: Clock | None = None,
    guests: Sequence[Hosted] = (),
    strangers: Sequence[Hosted] = (),
) -> Iterator[Lab]:
    """Run the lab for as long as the block lasts. All state is in `home`, and a restart finds it there.

    `guests` are further servers behind the gateway, registered and pinned; `strangers` can be reached and
    nobody registered them. Times are those of `clock`.
    """
    clock = clock or SystemClock()
    home.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(quiet())
        plane = Plane(home / "lab.sqlite3", clock=clock)
        stack.callback(plane.close)
        audit = AuditLog(home / "audit.ndjson", clock)
        stack.callback(audit.close)
        registered = (*REGISTERED, *(guest.name for guest in guests))
        seed(plane, registered)
        served: dict[str, Hosted] = {one.name: one for one in (build() for build in _BUILDERS)}
        served |= {guest.name: guest for guest in (*guests, *strangers)}
        rooms = Rooms(
            faults=Faults(plane, clock),
            clock=clock,
            tokens=Tokens(plane, home / "token-key.pem"),
            approvals=Approvals(plane),
            windows=Windows(plane),
            audit=audit,
            upstreams={name: Upstream(name, one.app) for name, one in served.items()},
        )
        gateway = Gateway(rooms)
        portals: list[BlockingPortal] = []
        app = mounted(
            [
                *control_routes(plane, rooms.faults, clock, page_size=page_size),
                Route("/mcp/{server}", gateway),
            ],
            lifespan=_lifespan(plane, served, rooms.upstreams, portals),
        )
        url = stack.enter_context(serving(app, port=port))
        yield Lab(
            url=url,
            token=plane.admit("responder", Role.RESPONDER),
            operator_token=plane.admit("operator", Role.OPERATOR),
            plane=plane,
            faults=rooms.faults,
            audit_log=audit.path,
            _tokens=rooms.tokens,
            _approvals=rooms.approvals,
            _windows=rooms.windows,
            _registrar=Registrar(plane, audit),
            _gateway=gateway,
            _served=served,
            _in_loop=portals[0].call,
            servers=registered,
        )


@contextmanager
def quiet() -> Iterator[None]:
    """The SDK logs what its peers do; here that is the traffic itself, and the audit log has it."""
    loggers = [logging.getLogger(name) for name in ("mcp", "httpx2")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _lifespan(
    plane: Plane,
    served: Mapping[str, Hosted],
    upstreams: Mapping[str, Upstream],
    portals: list[BlockingPortal],
) -> "Callable[[Starlette], Any]":
    @asynccontextmanager
    async def run(_: "Starlette") -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for one in served.values():
                await stack.enter_async_context(one.running)
            portals.append(await stack.enter_async_context(BlockingPortal()))
            for entry in plane.servers():
                if not entry.pin and entry.server in upstreams:
                    tools = await upstreams[entry.server].tools()
                    plane.register(replace(entry, tools=tools, pin=manifest_hash(tools)))
            yield

    return run
