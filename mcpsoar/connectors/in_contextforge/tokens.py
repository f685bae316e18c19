"""tokens.revoke: API tokens scoped to a server, and the unscoped ones, which reach it too."""

from dataclasses import dataclass

from mcpsoar.connectors.in_contextforge.directory import LISTING_S, Directory, instant
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Conflict, Indeterminate, Malformed, Unsupported
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Exposure, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import shape
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.each import each
from mcpsoar.kit.http import Edge
from mcpsoar.kit.rooms import Room, server

_PAGE = 100
_REASON = "contained by mcpsoar"
_LOGINS = "login sessions, which this gateway does not list (20 min, unless TOKEN_EXPIRY says otherwise)"


@dataclass(frozen=True, slots=True)
class Token:
    """An API token; `owner` is an e-mail address, empty where the plane does not say."""

    id: str
    name: str
    owner: str
    server: str | None
    ends: str | None

    @property
    def words(self) -> str:
        return f"token {self.id} ({self.name})"


class Tokens(Room):
    """`keep` are ids that are never revoked, or names of tokens of `login` itself: anybody may take a name.

    A scope is no confinement: a token for another server reaches this one by /mcp and /rpc (measured), and is
    reported.
    """

    has_way_back = False

    def __init__(
        self, edge: Edge, clock: Clock, directory: Directory, *, keep: frozenset[str], login: str | None
    ) -> None:
        super().__init__(edge, clock)
        self._directory = directory
        self._keep = keep
        self._login = login
        self._before: dict[str, frozenset[str]] = {}
        self._late: set[str] = set()

    @property
    def lacks(self) -> tuple[str, ...]:
        no_login = ("an API token lists no tokens: name an administrator's e-mail as login",)
        return (
            *(() if self._login else no_login),
            "cannot list tokens by audience: revokes those scoped to a server before it, and unscoped ones",
            "cannot see login sessions (JWT): they are good until they run out",
        )

    def survey(self) -> str:
        active = self._active()
        kept = sum(self._is_kept(one) for one in active)
        return f"{len(active)} active tokens, {kept} of them in keep: never revoked"

    def baseline(self, step: Step) -> Baseline:
        reaching, others = self._sorted(step)
        facts = {
            "active": len(reaching),
            "of_other_servers": len(others),
            "ids": [one.id for one in reaching],
        }
        return Baseline(not reaching, facts, self._now())

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        reaching, _ = self._sorted(step)
        self._before.setdefault(step.id, frozenset(one.id for one in reaching))
        unclear = []

        def revoke(one: str) -> None:
            reply = self._edge.change(
                "DELETE",
                *("v1", "tokens", "admin", one),
                body={"reason": _REASON},
                absent=lambda status, _: status in (404, 409),
            )
            if reply.status < 400 and reply.body is not None:
                raise Malformed("the answer does not say that the token is revoked", where=self._where)
            if reply.status >= 400:
                unclear.append(one)  # the plane says "try again" of what is revoked: the list tells

        each([one.id for one in reaching], revoke, where=self._where, late=self._late)
        if unclear:
            raise Conflict(
                f"of {len(reaching)} tokens {len(unclear)} are gone, or were revoked before",
                where=self._where,
            )
        return Effect({"revoked": [one.id for one in reaching]}, self._now())

    def look(self, step: Step) -> Observation:
        reaching, others = self._sorted(step)
        left = frozenset(one.id for one in reaching)
        before = self._before.get(step.id)
        since = None if before is None else len(left - before)
        words = f"{len(left) or 'no'} token {self._aim(step)} is active"
        words += f", {since} issued since the look before" if since else ""
        exposures = [Exposure(one.words, one.ends) for one in reaching]
        exposures += [Exposure(f"{one.words}, {self._why_left(one)}", one.ends) for one in others]
        return Observation(
            Verdict.NO if left else Verdict.YES,
            words,
            {"left": sorted(left), "issued_since": since},
            self._now(),
            (*exposures, *self._beside(step)),
            is_partial=bool(left and before and before - left),
        )

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        raise Unsupported("a revoked token does not come back: let the clients fetch new ones")

    def look_back(self, step: Step, was: Baseline | None) -> Observation:  # noqa: ARG002
        raise Unsupported("a revoked token does not come back: let the clients fetch new ones")

    def _aim(self, step: Step) -> str:
        return f"for {server(step)} or for every server"

    def _why_left(self, token: Token) -> str:
        if self._is_kept(token):
            return "kept, as the profile says"
        return "scoped to another server: by /mcp and /rpc"

    def _is_kept(self, token: Token) -> bool:
        return token.id in self._keep or (token.name in self._keep and token.owner == self._login)

    def _beside(self, step: Step) -> tuple[Exposure, ...]:  # noqa: ARG002
        """What is open whatever is revoked."""
        return (Exposure(_LOGINS, None),)

    def _sorted(self, step: Step) -> tuple[list[Token], list[Token]]:
        """Active tokens that are to go, and those that stay: of other servers, and those that are kept."""
        gateway = self._directory.find(server(step))
        active = self._active()
        scopes = {one.server for one in active if one.server is not None}
        before = {scope for scope in scopes if self._directory.is_before(scope, gateway)}
        reaching = [one for one in active if one.server is None or one.server in before]
        kept = [one for one in reaching if self._is_kept(one)]
        stay = kept + [one for one in active if one not in reaching]
        return [one for one in reaching if one not in kept], stay

    def _active(self) -> list[Token]:
        return [token for token, is_active in self._listed() if is_active]

    def _listed(self) -> list[tuple[Token, bool]]:
        """Every token, and whether it is active: of one that is listed twice, the last word counts."""
        found: dict[str, tuple[Token, bool]] = {}
        seen = 0
        until = self._clock.monotonic() + LISTING_S
        while self._clock.monotonic() < until:
            query = {"include_inactive": "true", "limit": str(_PAGE), "offset": str(seen)}
            body = self._edge.read("v1", "tokens", "admin", "all", query=query).body
            items = shape.items(body, "tokens", where=self._where)
            seen += len(items)
            for item in items:
                token, is_active = self._token(item)
                found[token.id] = token, is_active
            total = body.get("total") if isinstance(body, dict) else None
            if not isinstance(total, int) or isinstance(total, bool):
                raise Malformed("the list of tokens does not say how many there are", where=self._where)
            if seen >= total:
                return list(found.values())
            if not items:
                raise Indeterminate("the list of tokens changed while it was read", where=self._where)
        raise Indeterminate("the list of tokens did not end in time", where=self._where)

    def _token(self, item: Json) -> tuple[Token, bool]:
        """Decided on `is_active`: of one token, two reads disagree about `is_revoked`."""
        said: Facts = item if isinstance(item, dict) else {}
        scope, owner = said.get("server_id"), said.get("user_email")
        match said:
            case {"id": str(one), "name": str(name), "is_active": bool(is_active)} if one:
                if isinstance(scope, str | None):
                    ends = instant(said.get("expires_at"))
                    owner = owner if isinstance(owner, str) else ""
                    return Token(one, name, owner, scope, stamp(ends) if ends else None), is_active
        raise Malformed("an entry of the token list is not as documented", where=self._where)
