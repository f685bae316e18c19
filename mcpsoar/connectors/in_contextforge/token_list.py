"""Every API token of a ContextForge, in one list: it can be asked for none by its server or its owner."""

from dataclasses import dataclass

from mcpsoar.connectors.in_contextforge.directory import LISTING_S, RECENT_S, instant
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Indeterminate, Malformed
from mcpsoar.core.ports import Clock
from mcpsoar.kit import shape
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.http import Edge
from mcpsoar.kit.joint import Joint
from mcpsoar.kit.plain import quoted

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Token:
    """An API token; `owner` is an e-mail address, empty where the plane does not say."""

    id: str
    name: str
    owner: str
    server: str | None
    ends: str | None
    is_active: bool

    @property
    def words(self) -> str:
        return f"token {self.id} ({quoted(self.name, '(),;')})"


class TokenList:
    """Threads that ask at the same time share one reading. Errors are Edge's."""

    def __init__(self, edge: Edge, clock: Clock) -> None:
        self._edge = edge
        self._where = edge.where
        self._clock = clock
        self._all = Joint(self._read, clock)

    def now(self) -> tuple[Token, ...]:
        """Nothing that was read before this was asked."""
        return self._all.now()

    def before(self) -> tuple[Token, ...]:
        """As it was before a change of ours, `RECENT_S` ago at most."""
        return self._all.recent(RECENT_S)

    def changed(self) -> None:
        """To be called after a change of ours: what was read before it is recent no longer."""
        self._all.changed()

    def _read(self) -> tuple[Token, ...]:
        """Of one that is listed twice, the last word counts."""
        found: dict[str, Token] = {}
        seen = 0
        until = self._clock.monotonic() + LISTING_S
        while self._clock.monotonic() < until:
            query = {"include_inactive": "true", "limit": str(_PAGE), "offset": str(seen)}
            body = self._edge.read("v1", "tokens", "admin", "all", query=query).body
            items = shape.items(body, "tokens", where=self._where)
            seen += len(items)
            for item in items:
                token = self._token(item)
                found[token.id] = token
            total = body.get("total") if isinstance(body, dict) else None
            if not isinstance(total, int) or isinstance(total, bool):
                raise Malformed("the list of tokens does not say how many there are", where=self._where)
            if seen >= total:
                return tuple(found.values())
            if not items:
                raise Indeterminate("the list of tokens changed while it was read", where=self._where)
        raise Indeterminate("the list of tokens did not end in time", where=self._where)

    def _token(self, item: Json) -> Token:
        """Decided on `is_active`: of one token, two reads disagree about `is_revoked`."""
        said: Facts = item if isinstance(item, dict) else {}
        scope, owner = said.get("server_id"), said.get("user_email")
        match said:
            case {"id": str(one), "name": str(name), "is_active": bool(is_active)} if one:
                if isinstance(scope, str | None):
                    ends = instant(said.get("expires_at"))
                    owner = owner if isinstance(owner, str) else ""
                    return Token(one, name, owner, scope, stamp(ends) if ends else None, is_active)
        raise Malformed("an entry of the token list is not as documented", where=self._where)
