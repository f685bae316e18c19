"""The drill's cast: actors with tokens of their own, and one SDK client per actor and server."""

from dataclasses import dataclass
from typing import Literal

from mcpsoar.core.digest import Facts
from mcpsoar.lab.agent import Agent, Agents, Said
from mcpsoar.lab.embedded import Lab

Revision = Literal["newest", "session"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who calls tools. `tags` are what an inventory says of them; `may_write` gives write scopes."""

    name: str
    kind: str = "human"
    tags: tuple[str, ...] = ()
    may_write: bool = False


ALICE = Actor("alice@example.com", may_write=True)
BOB = Actor("bob@example.com", may_write=True)
REPORTS = Actor("reports@example.com", "service", ("read_only",))
RESEARCH = Actor("research-agent@example.com", "agent", may_write=True)
ONCALL = Actor("oncall-bot@example.com", "service", may_write=True)


class Stage:
    """A running lab with its cast. Clients are made on first use and live as long as `agents`."""

    def __init__(self, lab: Lab, agents: Agents) -> None:
        self.lab = lab
        self._agents = agents
        self._known: dict[tuple[str, str], Agent] = {}
        self.calls = 0

    def call(
        self,
        actor: Actor,
        server: str,
        tool: str,
        arguments: Facts,
        *,
        conversation: str | None = None,
        trace: tuple[str, str | None] | None = None,
        approved_by: str | None = None,
    ) -> Said:
        """One call as `actor`; with `approved_by` it carries an approval that is bound to it."""
        approval = None
        if approved_by is not None:
            approval = self.lab.approve(server, tool, arguments, actor.name, by=approved_by)
        self.calls += 1
        return self.client(actor, server).call(
            tool, arguments, conversation=conversation, trace=trace, approval=approval
        )

    def client(self, actor: Actor, server: str) -> Agent:
        """The actor's client of that server, with a token for it."""
        known = self._known.get((actor.name, server))
        if known is None:
            known = self.fresh(actor, server)
            self._known[actor.name, server] = known
        return known

    def fresh(
        self,
        actor: Actor,
        server: str,
        *,
        revision: Revision = "newest",
        kind: Literal["opaque", "jwt"] = "opaque",
        audience: str | None = None,
        header_name: str | None = None,
    ) -> Agent:
        """A new client with a new token; `audience` may be another server's."""
        token = self.token(actor, audience or server, kind=kind)
        return self.bearing(token, server, revision=revision, header_name=header_name)

    def token(
        self,
        actor: Actor,
        audience: str | tuple[str, ...],
        *,
        kind: Literal["opaque", "jwt"] = "opaque",
        scopes: tuple[str, ...] | None = None,
    ) -> str:
        """The text of a new token; without `scopes` it gets those that the actor has at each audience."""
        verbs = ("read", "write") if actor.may_write else ("read",)
        aimed = (audience,) if isinstance(audience, str) else audience
        usual = tuple(f"{one}:{verb}" for one in aimed for verb in verbs)
        return self.lab.issue(
            actor.name,
            audience,
            kind=kind,
            scopes=usual if scopes is None else scopes,
            tags=actor.tags,
            actor_type=actor.kind,
            client_id=f"{actor.name.partition('@')[0]}-client",
        )

    def bearing(
        self, token: str, server: str, *, revision: Revision = "newest", header_name: str | None = None
    ) -> Agent:
        """A new client that brings this token, whomever it is for; `""` brings none."""
        return self._agents.connect(self.lab.url, server, token, revision=revision, header_name=header_name)

    def canary_token(self, server: str) -> str:
        """A token kept for the canary. Self-contained: it is refused for the server's sake, not its own."""
        return self.lab.issue(
            "canary@example.com",
            server,
            kind="jwt",
            scopes=(f"{server}:read",),
            actor_type="service",
            client_id="mcpsoar-canary",
            ttl_s=900.0,
        )
