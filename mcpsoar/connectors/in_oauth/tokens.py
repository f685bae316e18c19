"""Each held token for an audience, or of a client, ended by its own client and asked about after."""

from collections.abc import Callable

from mcpsoar.connectors.in_oauth.aim import Aim
from mcpsoar.connectors.in_oauth.ending import Ending
from mcpsoar.connectors.in_oauth.exposures import exposures
from mcpsoar.connectors.in_oauth.held import ACCESS, REFRESH, Held
from mcpsoar.connectors.in_oauth.judging import Known, by_hand, judged, unasked
from mcpsoar.connectors.in_oauth.newcomers import Newcomers
from mcpsoar.connectors.in_oauth.sent import Sent
from mcpsoar.connectors.in_oauth.service import Said, Service, State
from mcpsoar.connectors.in_oauth.settings import Settings
from mcpsoar.connectors.in_oauth.stopped import Stopped
from mcpsoar.connectors.in_oauth.survey import Found, Survey, survey
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Conflict, Denied, Indeterminate, Malformed, Trouble, Unreachable, Unsupported
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Observation
from mcpsoar.kit import telling
from mcpsoar.kit.rooms import Room
from mcpsoar.kit.stops import BY_HAND
from mcpsoar.kit.touched import counted, named, touched

_ORDER = {REFRESH: 0, None: 1, ACCESS: 2}  # a refresh token would buy what was just revoked
_NO_ISSUANCE = "stops no issuance: clients can fetch new tokens; issuance says how a client is disabled"
_NO_WAY_BACK = "a revoked token does not come back: let the clients fetch new ones"


class Tokens(Room):
    """Inactive is proof only of a token that was seen active, or beside one that was: a service calls good
    tokens inactive too, to a client that is not of their audience. What was seen is remembered.
    """

    has_way_back = False

    def __init__(
        self,
        clock: Clock,
        service: Service,
        settings: Settings,
        *,
        aim: Callable[[Step], Aim],
        stopped: Stopped,
    ) -> None:
        super().__init__(service.asking, clock)
        self._aim = aim
        self._service = service
        self._caller = settings.caller.id
        self._clients = tuple(settings.clients)
        self._has_issuance = settings.issuance is not None
        self._newcomers = Newcomers(settings, clock)
        self._active = service.active
        self._memory = service.memory
        self._stopped = stopped
        self._ending = Ending(service, stopped)

    @property
    def _held(self) -> list[Held]:
        return sorted(self._newcomers.held, key=lambda one: _ORDER[one.kind])

    @property
    def lacks(self) -> tuple[str, ...]:
        owners = sorted({one.client for one in self._held if one.client is not None and not one.is_kept})
        strangers = [owner for owner in owners if not self._service.has(owner)]
        unwitnessed = (
            "holds no token that stays (keep): of one that no run has seen active inactive proves nothing"
        )
        return (
            "cannot list tokens by audience: revokes those that held gives",
            "cannot see JWTs, nor end them where servers read them alone: they are good until they expire",
            *(() if self._has_issuance else (_NO_ISSUANCE,)),
            *(f"has no credentials of {owner}: its tokens are not revoked" for owner in strangers),
            *(() if any(one.is_kept for one in self._held) else (unwitnessed,)),
        )

    @property
    def spills(self) -> str | None:
        if all(one.is_kept or (one.aim and one.client) for one in self._held):
            return None
        return "it also revokes tokens of which held does not say whose they are, or for what"

    def survey(self) -> str:
        if refused := [name for name in self._clients if self._service.refuses(name)]:
            raise Denied(f"the secret is refused of {', '.join(refused)}", where=self._where)
        active = sum(self._service.introspected(one).state is State.ACTIVE for one in self._held)
        kept = sum(one.is_kept for one in self._held)
        return f"of {len(self._held)} held tokens {active} are active; kept: {kept}"

    def baseline(self, step: Step) -> Baseline:
        found = self._survey(step)
        # whether a JWT can be revoked is known only once it was tried
        is_tried = all(one.held.name in self._ending.tried for one in found.untold)
        is_met = bool(found.aims) and is_tried and not found.left and not found.unproven
        return Baseline(is_met, self._facts(found), self._now(), self._touched(step, found))

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        aim = self._aim(step)
        sent = Sent()
        blind: Trouble | None = None
        held = self._of(aim)
        for at, one in enumerate(held):
            telling.got_to(at, len(held))
            if one.is_kept or (key, one.name) in self._ending.acknowledged:
                continue
            if one.name not in self._active and blind is None:
                blind = self._looked(one)
            known = self._active[one.name][1] if one.name in self._active else Said(State.UNTOLD)
            if aim.is_missed(known):
                continue
            try:
                self._ending.revoke(one, _owner(one, known, blind), key, sent)
            except (Denied, Malformed, Conflict) as trouble:
                sent.troubles.append(trouble)  # others may well be revoked
            except (Unreachable, Indeterminate) as trouble:
                sent.troubles.append(trouble)
                break
        self._newcomers.sent(step)
        sent.check(self._where)
        facts = {"acknowledged": sent.acknowledged, "not_revocable": sent.unsupported}
        return Effect({**facts, "clients_stopped": sorted(sent.stopped)}, self._now())

    def look(self, step: Step) -> Observation:
        self._service.hide(self._newcomers.look(step))
        found, aim = self._survey(step), self._aim(step)
        known = self._known(found)
        verdict, words = judged(found, aim, known)
        words += self._newcomers.words(aim)
        left = by_hand(found, aim, known, self._where)
        open_ = exposures(
            found,
            aim,
            where=self._where,
            now=self._clock.now(),
            why_left=self._ending.why_left | unasked(found, known),
            seen={name: said for name, (_, said) in self._active.copy().items()},
            revoked={*known.acknowledged, *self._memory.revoked},
            has_issuance=self._has_issuance,
        )
        is_partial = bool(found.left and found.gone)
        facts = {**self._facts(found), **({BY_HAND: left} if left else {})}
        return Observation(verdict, words, facts, self._now(), tuple(open_), is_partial=is_partial)

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        raise Unsupported(_NO_WAY_BACK)

    def look_back(self, step: Step, was: Baseline | None) -> Observation:  # noqa: ARG002
        raise Unsupported(_NO_WAY_BACK)

    def _touched(self, step: Step, found: Survey) -> Facts:
        """Tokens that are held; a service tells of no others."""
        going = [one for one in found.aims if one not in found.gone]
        owners = [one.said.client or one.held.client for one in going]
        return touched(
            step.role,
            tokens=len(going),
            kinds=counted(one.held.kind or "of unknown kind" for one in going),
            principals=None if None in owners else named(map(str, owners)),
        )

    def _survey(self, step: Step) -> Survey:
        aim = self._aim(step)
        found = [Found(one, self._service.introspected(one)) for one in self._of(aim)]
        is_dim = any(one.held.is_kept and one.said.state is State.INACTIVE for one in found)
        return survey(found, aim, self._active.copy(), self._memory.proven(is_dim=is_dim))

    def _facts(self, found: Survey) -> Facts:
        """With who was told so: what another asker saw is no proof."""
        return {**found.facts, "asker": self._caller}

    def _known(self, found: Survey) -> Known:
        """Who is stopped is asked of those whose tokens are not known to be gone."""
        open_ = {one.client for one in (*found.left, *found.unproven) if one.client is not None}
        gone = {one.client for one in found.gone}
        off = self._stopped.among(sorted(open_)) if open_ else self._ending.turned_away & gone
        return Known(
            self._caller,
            self._active.copy(),
            {name for _, name in self._ending.acknowledged.copy()},
            self._memory,
            sorted(off),
            self._has_issuance,
        )

    def _of(self, aim: Aim) -> list[Held]:
        """In the order of revoking; one of which the list does not say whose it is, is everybody's."""
        return [one for one in self._held if aim.covers(one)]

    def _looked(self, one: Held) -> Trouble | None:
        """Look at a token before it goes, and say why not; a change waits for no look that fails."""
        try:
            self._service.introspected(one)
        except Trouble as trouble:
            return trouble
        return None


def _owner(one: Held, known: Said, blind: Trouble | None) -> str | None:
    """Whose it is, as far as is known. Raises where that could not be asked, and so nothing can be sent."""
    owner = known.client or one.client
    if owner is not None or blind is None:
        return owner
    kind = Unreachable if isinstance(blind, Unreachable | Indeterminate) else Denied
    raise kind(f"whose {one.words} is could not be asked: {blind.message}", where=blind.where)
