"""tokens.revoke_principal: every token of one client or actor, whatever server it is for."""

from collections.abc import Mapping

from mcpsoar.connectors.in_reference.touching import tokens_touched
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Malformed, UnknownTarget, Unsupported
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Exposure, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import shape
from mcpsoar.kit.http import Edge
from mcpsoar.kit.pages import pages
from mcpsoar.kit.rooms import Room
from mcpsoar.kit.stops import ENTRY, KEY, stopped_by
from mcpsoar.kit.targets import principal

_LISTING_S = 30.0
_IDS = 1000  # kept in a journal; a longer list is counted, not copied


class Principals(Room):
    """Whom no token was ever issued to is an unknown target. Nothing here stops the issuing of new tokens,
    and that is told as an exposure.
    """

    has_way_back = False

    def __init__(self, edge: Edge, clock: Clock) -> None:
        super().__init__(edge, clock)
        self._before: dict[str, frozenset[str]] = {}

    def baseline(self, step: Step) -> Baseline:
        left, outliving = self._active(step)
        facts = {"active": len(left), "jwt": len(outliving), "ids": [token["id"] for token in left][:_IDS]}
        return Baseline(not left, facts, self._now(), tokens_touched(step, [*left, *outliving]))

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:
        if was is not None:
            self._before[step.id] = frozenset(was.facts.get("ids", ()))
        who = principal(step)
        body = self._edge.change("POST", "tokens", "revoke", key=key, body={"principal": who}).body
        if body is None:
            return Effect({"principal": who}, self._now())
        revoked = [str(one) for one in shape.items(body, "revoked", where=self._where)]
        outliving = shape.items(body, "still_valid", where=self._where)
        facts = {
            "principal": who,
            "revoked": len(revoked),
            "ids": revoked[:_IDS],
            "still_valid": len(outliving),
        }
        return Effect(facts, self._now())

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        raise Unsupported("a revoked token does not come back: let the clients fetch new ones")

    def look(self, step: Step) -> Observation:
        who = principal(step)
        left, outliving = self._active(step)
        ids = frozenset(token["id"] for token in left)
        before = self._before.get(step.id)
        since = None if before is None else len(ids - before)
        words = f"{len(left) or 'no'} opaque or refresh token of {who} is active"
        if len(left) > 1:
            words = words.replace("token", "tokens").replace(" is ", " are ")
        words += f", {since} issued since the look before" if since else ""
        exposures = [
            Exposure(f"{token['kind']} token {token['id']} of {who}", token["expires_at"]) for token in left
        ]
        exposures += [
            Exposure(f"jwt token {token['id']} of {who} {stopped_by(ENTRY, KEY)}", token["expires_at"])
            for token in outliving
        ]
        exposures.append(Exposure(f"new tokens for {who}: nothing here stops their issuing", None))
        return Observation(
            Verdict.NO if left else Verdict.YES,
            words,
            {"left": sorted(ids)[:_IDS], "jwt": len(outliving), "issued_since": since},
            self._now(),
            tuple(exposures),
            is_partial=bool(ids and before and before - ids),
        )

    def look_back(self, step: Step, was: Baseline | None) -> Observation:  # noqa: ARG002
        raise Unsupported("a revoked token does not come back: let the clients fetch new ones")

    def _active(self, step: Step) -> tuple[list[Facts], list[Facts]]:
        """Those that revocation can end, and the JWTs."""
        who = principal(step)
        found = self._listed(who, {"active": "true"})
        if not found and not self._listed(who, {}):
            raise UnknownTarget(f"no token was ever issued to {who}", where=self._where)
        active = [token for token in found.values() if token["active"]]
        left = [token for token in active if token["kind"] != "jwt"]
        return left, [token for token in active if token["kind"] == "jwt"]

    def _listed(self, who: str, query: Mapping[str, str]) -> dict[str, Facts]:
        """Every page, and filtered here as well as there."""
        asked = {"principal": who, **query}
        return {
            token["id"]: token
            for body in pages(self._edge, "tokens", query=asked, clock=self._clock, seconds=_LISTING_S)
            for item in shape.items(body, "tokens", where=self._where)
            if who in ((token := self._token(item))["client_id"], token["actor"])
        }

    def _token(self, item: Json) -> Facts:
        match item:
            case {
                "id": str(one),
                "kind": str(),
                "active": bool(),
                "client_id": str(),
                "actor": str(),
            } if one:
                ends = shape.instant(item.get("expires_at"), "expires_at", where=self._where)
                return {**item, "expires_at": ends}
        raise Malformed("an entry of the token list does not say whose it is", where=self._where)
