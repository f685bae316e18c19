"""The reference control-plane API: registry, tokens and write-approval policy over plain HTTP.

Options of a binding: `timeout_s` bounds one call (10), `settle_s` is how long a read-back is repeated until
it shows the change (5): a 202, a lagging replica or a slow plane gets that long.
"""

from mcpsoar.connectors.in_reference.principals import Principals
from mcpsoar.connectors.in_reference.switch import STATES, Switch
from mcpsoar.connectors.in_reference.tool_switch import ToolSwitch
from mcpsoar.connectors.in_reference.touching import entry_touched, listed, tokens_touched
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Malformed, Unsupported
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.core.run import Baseline, Effect, Exposure, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import shape
from mcpsoar.kit.http import TIMEOUT_S, Edge
from mcpsoar.kit.options import seconds
from mcpsoar.kit.pages import pages
from mcpsoar.kit.rooms import Room, Rooms, server
from mcpsoar.kit.stops import ENTRY, KEY, stopped_by
from mcpsoar.kit.touched import touched

OPTIONS = ("timeout_s", "settle_s")
SETTLE_S = 5.0
_LISTING_S = 30.0
_MARKS = ("environment", "fingerprint")
_APPROVAL = ("normal", "forced")
_IDS = 1000  # kept in a journal; a longer list is counted, not copied


def connect(binding: Binding, *, clock: Clock) -> Rooms:
    """One connector for all three roles at `binding.base_url`. Sends nothing yet. Raises Usage."""
    timeout_s = seconds(binding, "timeout_s", TIMEOUT_S)
    edge = Edge(
        binding.base_url,
        binding.token,
        spares=binding.spares,
        network=binding.network,
        clock=clock,
        timeout_s=timeout_s,
    )
    rooms = {
        "registry.disable": _Registry(edge, clock),
        "registry.disable_tool": ToolSwitch(edge, clock),
        "tokens.revoke": _Tokens(edge, clock),
        "tokens.revoke_principal": Principals(edge, clock),
        "policy.force_write_approval": _Policy(edge, clock),
    }
    settle_s = seconds(binding, "settle_s", SETTLE_S)
    return Rooms(rooms, edge, name="the reference API", clock=clock, settle_s=settle_s)


class _Registry(Switch):
    @property
    def marks(self) -> tuple[str, ...]:
        return _MARKS

    def baseline(self, step: Step) -> Baseline:
        body = self._read(step)
        entry = self._facts(server(step), body)
        return Baseline(entry["state"] == "disabled", entry, self._now(), entry_touched(step, body))

    def _entry(self, step: Step) -> Facts:
        return self._facts(server(step), self._read(step))

    def _read(self, step: Step) -> Facts:
        asked = server(step)
        body: Facts = self._edge.read("registry", asked).body
        shape.match(body, "server", asked, where=self._where)
        return body

    def _facts(self, asked: str, body: Facts) -> Facts:
        facts = {"server": asked, "state": shape.one_of(body, "state", STATES, where=self._where)}
        return facts | {name: body[name] for name in _MARKS if isinstance(body.get(name), str)}

    def _post(self, step: Step, verb: str, key: str) -> Effect:
        asked = server(step)
        reply = self._edge.change("POST", "registry", asked, verb, key=key)
        if reply.body is not None:
            shape.match(reply.body, "server", asked, where=self._where)
            shape.match(reply.body, "state", f"{verb}d", where=self._where)
        return Effect({"server": asked, "state": f"{verb}d"}, self._now())

    def _called(self, entry: Facts) -> str:
        return str(entry["server"])


class _Tokens(Room):
    """Remembers, per step, which tokens were to go: only so can a half-done revocation be told from none."""

    has_way_back = False

    @property
    def lacks(self) -> tuple[str, ...]:
        return ("cannot end a JWT: it is listed, and good until it expires",)

    def __init__(self, edge: Edge, clock: Clock) -> None:
        super().__init__(edge, clock)
        self._before: dict[str, frozenset[str]] = {}

    def baseline(self, step: Step) -> Baseline:
        active = self._active(step)
        open_ids = [token["id"] for token in active if token["kind"] != "jwt"]
        facts = {"active": _counted(active), "ids": open_ids[:_IDS]}
        return Baseline(not open_ids, facts, self._now(), tokens_touched(step, active))

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:
        if was is not None:
            self._before[step.id] = frozenset(was.facts.get("ids", ()))
        audience = server(step)
        body = self._edge.change("POST", "tokens", "revoke", key=key, body={"audience": audience}).body
        if body is None:
            return Effect({"audience": audience}, self._now())
        revoked = [str(item) for item in shape.items(body, "revoked", where=self._where)]
        outliving = [self._token(item)["id"] for item in shape.items(body, "still_valid", where=self._where)]
        facts = {
            "audience": audience,
            "revoked": len(revoked),
            "ids": revoked[:_IDS],
            "still_valid": outliving[:_IDS],
        }
        return Effect(facts, self._now())

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        raise Unsupported("a revoked token does not come back: let the clients fetch new ones")

    def look(self, step: Step) -> Observation:
        active = self._active(step)
        left = [token for token in active if token["kind"] != "jwt"]
        outliving = [token for token in active if token["kind"] == "jwt"]
        left_ids = frozenset(token["id"] for token in left)
        before = self._before.get(step.id)
        newcomers = None if before is None else len(left_ids - before)
        facts = {"active": _counted(active), "left": sorted(left_ids)[:_IDS], "issued_since": newcomers}
        exposures = tuple(
            Exposure(
                f"{token['kind']} token {token['id']} for {server(step)}"
                + (f" {stopped_by(ENTRY, KEY)}" if token in outliving else ""),
                token["expires_at"],
            )
            for token in (*left, *outliving)
        )
        return Observation(
            Verdict.NO if left else Verdict.YES,
            self._words(step, left, outliving, newcomers),
            facts,
            self._now(),
            exposures,
            is_partial=bool(left_ids and before and before - left_ids),
        )

    def look_back(self, step: Step, was: Baseline | None) -> Observation:  # noqa: ARG002
        raise Unsupported("a revoked token does not come back: let the clients fetch new ones")

    def _words(self, step: Step, left: list[Facts], outliving: list[Facts], newcomers: int | None) -> str:
        words = f"{len(left) or 'no'} opaque or refresh token for {server(step)} is active"
        if len(left) > 1:
            words = words.replace("token", "tokens").replace(" is ", " are ")
        if newcomers:
            words += f", {newcomers} issued since the look before"
        if outliving:
            ends = [token["expires_at"] for token in outliving]
            last = "with no known end" if None in ends else f"until {max(ends)}"
            words += f"; {len(outliving)} JWT outlive revocation {last}"
        return words

    def _active(self, step: Step) -> list[Facts]:
        """Every active token that the server accepts: every page, and filtered here as well as there."""
        audience = server(step)
        found: dict[str, Facts] = {}
        query = {"audience": audience, "active": "true"}
        for body in pages(self._edge, "tokens", query=query, clock=self._clock, seconds=_LISTING_S):
            for item in shape.items(body, "tokens", where=self._where):
                token = self._token(item, is_whole=True)
                # no audience at all, or a wildcard: good for every server, this one too
                is_for = not token["audience"] or audience in token["audience"] or "*" in token["audience"]
                if token["active"] and is_for:
                    found[token["id"]] = token
        return list(found.values())

    def _token(self, item: Json, *, is_whole: bool = False) -> Facts:
        """One token of an answer; `is_whole` for an entry of the list, else `id` and `expires_at` alone."""
        named = isinstance(item, dict) and isinstance(item.get("id"), str) and bool(item["id"])
        whole = named and (
            isinstance(item.get("kind"), str)
            and isinstance(item.get("active"), bool)
            and isinstance(item.get("audience"), list)
            and all(isinstance(audience, str) for audience in item["audience"])
        )
        if not named or (is_whole and not whole):
            raise Malformed("an entry of the token list is not as documented", where=self._where)
        ends = shape.instant(item.get("expires_at"), "expires_at", where=self._where)
        return {**item, "expires_at": ends}


class _Policy(Room):
    def baseline(self, step: Step) -> Baseline:
        facts = self._policy()
        return Baseline(facts["write_approval"] == "forced", facts, self._now(), touched(step.role))

    def affects(self, step: Step) -> Facts:
        return touched(step.role, servers=listed(self._edge, self._clock))

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        return self._send("POST", "forced", key)

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        return self._send("DELETE", None, key)

    def look(self, step: Step) -> Observation:  # noqa: ARG002
        return self._seen("forced")

    def look_back(self, step: Step, was: Baseline | None) -> Observation:  # noqa: ARG002
        return self._seen("forced" if was is not None and was.in_force else "normal")

    def _policy(self) -> Facts:
        body = self._edge.read("policy").body
        facts = {"write_approval": shape.one_of(body, "write_approval", _APPROVAL, where=self._where)}
        if isinstance(body.get("since"), str):
            facts["since"] = body["since"]
        if isinstance(body.get("version"), int):
            facts["version"] = body["version"]
        return facts

    def _send(self, method: str, wanted: str | None, key: str) -> Effect:
        body = self._edge.change(method, "policy", "emergency-write-approval", key=key).body
        if body is not None:
            allowed = _APPROVAL if wanted is None else (wanted,)
            wanted = shape.one_of(body, "write_approval", allowed, where=self._where)
        return Effect({"write_approval": wanted} if wanted else {}, self._now())

    def _seen(self, wanted: str) -> Observation:
        facts = self._policy()
        verdict = Verdict.YES if facts["write_approval"] == wanted else Verdict.NO
        words = f"the policy says write approval is {facts['write_approval']}"
        return Observation(verdict, words, facts, self._now())


def _counted(tokens: list[Facts]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for token in tokens:
        counts[token["kind"]] = counts.get(token["kind"], 0) + 1
    return counts
