"""Each held token for an audience, or of a client, ended by its own client and asked about after."""

from collections.abc import Callable

from mcpsoar.connectors.in_oauth.aim import Aim
from mcpsoar.connectors.in_oauth.exposures import exposures
from mcpsoar.connectors.in_oauth.held import ACCESS, REFRESH, Held
from mcpsoar.connectors.in_oauth.newcomers import Newcomers
from mcpsoar.connectors.in_oauth.sent import Sent
from mcpsoar.connectors.in_oauth.service import Ended, Said, Service, State
from mcpsoar.connectors.in_oauth.settings import Settings
from mcpsoar.connectors.in_oauth.survey import Found, Survey, survey
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Conflict, Denied, Indeterminate, Malformed, Trouble, Unreachable, Unsupported
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import telling
from mcpsoar.kit.rooms import Room
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
        self, clock: Clock, service: Service, settings: Settings, *, aim: Callable[[Step], Aim]
    ) -> None:
        super().__init__(service.asking, clock)
        self._aim = aim
        self._service = service
        self._caller = settings.caller.id
        self._clients = tuple(settings.clients)
        self._has_issuance = settings.issuance is not None
        self._newcomers = Newcomers(settings, clock)
        self._active = service.active
        self._why_left: dict[str, str] = {}
        self._tried: set[str] = set()
        self._acknowledged: set[tuple[str, str]] = set()

    @property
    def _held(self) -> list[Held]:
        return sorted(self._newcomers.held, key=lambda one: _ORDER[one.kind])

    @property
    def lacks(self) -> tuple[str, ...]:
        owners = sorted({one.client for one in self._held if one.client is not None and not one.is_kept})
        strangers = [owner for owner in owners if not self._service.has(owner)]
        unwitnessed = (
            "holds no token that stays (keep): a run that begins again can prove nothing by inactive"
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
        return f"of {len(self._held)} held tokens {active} are active; {kept} is kept"

    def baseline(self, step: Step) -> Baseline:
        found = self._survey(step)
        # whether a JWT can be revoked is known only once it was tried
        is_tried = all(one.held.name in self._tried for one in found.untold)
        is_met = bool(found.aims) and is_tried and not found.left and not found.unproven
        return Baseline(is_met, found.facts, self._now(), self._touched(step, found))

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        aim = self._aim(step)
        sent = Sent()
        blind: Trouble | None = None
        held = self._of(aim)
        for at, one in enumerate(held):
            telling.got_to(at, len(held))
            if one.is_kept or (key, one.name) in self._acknowledged:
                continue
            if one.name not in self._active and blind is None:
                blind = self._looked(one)
            known = self._active[one.name][1] if one.name in self._active else Said(State.UNTOLD)
            if aim.is_missed(known):
                continue
            try:
                self._revoke(one, _owner(one, known, blind), key, sent)
            except (Denied, Malformed, Conflict) as trouble:
                sent.troubles.append(trouble)  # others may well be revoked
            except (Unreachable, Indeterminate) as trouble:
                sent.troubles.append(trouble)
                break
        self._newcomers.sent(step)
        sent.check(self._where)
        return Effect({"acknowledged": sent.acknowledged, "not_revocable": sent.unsupported}, self._now())

    def look(self, step: Step) -> Observation:
        self._service.hide(self._newcomers.look(step))
        found, aim = self._survey(step), self._aim(step)
        verdict, words = self._judged(found, aim)
        words += self._newcomers.words(aim)
        open_ = exposures(
            found,
            aim,
            where=self._where,
            now=self._clock.now(),
            why_left=self._why_left,
            seen={name: said for name, (_, said) in self._active.copy().items()},
            acknowledged={name for _, name in self._acknowledged.copy()},
            has_issuance=self._has_issuance,
        )
        is_partial = bool(found.left and found.gone)
        return Observation(verdict, words, found.facts, self._now(), tuple(open_), is_partial=is_partial)

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        raise Unsupported(_NO_WAY_BACK)

    def look_back(self, step: Step, was: Baseline | None) -> Observation:  # noqa: ARG002
        raise Unsupported(_NO_WAY_BACK)

    def _judged(self, found: Survey, aim: Aim) -> tuple[Verdict, str]:
        if found.left:
            gone = f", {len(found.gone)} no longer" if found.gone else ""
            return Verdict.NO, f"{len(found.left)} held token {aim.words} is active{gone}"
        if not found.aims:
            return Verdict.CANNOT_TELL, f"no token {aim.words} is held: nothing is known of any"
        if found.unproven:
            why = "so is a kept one" if found.is_blinded else "was never seen active"
            return Verdict.CANNOT_TELL, (
                f"{len(found.unproven)} held token {aim.words} is not active, {self._caller} is told, and"
                f" {why}: that is said of good ones too; let a client of the audience ask, or hold one more"
                " with keep = true"
            )
        words = f"none of {len(found.aims)} held token {aim.words} is active"
        if found.untold:
            words = f"{len(found.gone) or 'no'} held token {aim.words} is revoked, and"
            words += f" {len(found.untold)} JWT cannot be, here"
        unseen = sum(one.held.name not in self._active for one in found.gone)
        words += f"; {unseen} of them was never seen active, only others like it" if unseen else ""
        return Verdict.YES, words

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
        return survey(found, aim, self._active.copy())

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

    def _revoke(self, one: Held, client: str | None, key: str, sent: Sent) -> None:
        if client is None or not self._service.has(client):
            sent.refused.append(one.name)
            self._why_left[one.name] = (
                f"the profile has no credentials of {client}" if client else "whose it is is not known"
            )
            return
        ended = self._service.revoked(one, client)
        self._tried.add(one.name)
        if ended is Ended.ACKNOWLEDGED:
            self._acknowledged.add((key, one.name))
            self._why_left[one.name] = "its revocation was acknowledged, without effect"
            sent.acknowledged.append(one.name)
        elif ended is Ended.UNSUPPORTED:
            self._why_left[one.name] = "the service does not revoke tokens of its kind"
            sent.unsupported.append(one.name)
        else:
            self._why_left[one.name] = f"its revocation by {client} was refused"
            sent.refused.append(one.name)


def _owner(one: Held, known: Said, blind: Trouble | None) -> str | None:
    """Whose it is, as far as is known. Raises where that could not be asked, and so nothing can be sent."""
    owner = known.client or one.client
    if owner is not None or blind is None:
        return owner
    kind = Unreachable if isinstance(blind, Unreachable | Indeterminate) else Denied
    raise kind(f"whose {one.words} is could not be asked: {blind.message}", where=blind.where)
