"""Clients that get no new tokens: switched off one by one, and those that were on switched on again."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from mcpsoar.connectors.in_http.single import Single
from mcpsoar.connectors.in_oauth.aim import Aim
from mcpsoar.connectors.in_oauth.clients import (
    States,
    facts_of,
    is_met,
    key_of,
    on_in,
    one_of,
    told,
    unknown_in,
)
from mcpsoar.connectors.in_oauth.described import Described
from mcpsoar.connectors.in_oauth.service import Service, State
from mcpsoar.connectors.in_oauth.settings import Settings
from mcpsoar.connectors.in_oauth.whom import Whom
from mcpsoar.core.errors import Denied, Malformed, Trouble, UnknownTarget, Unsupported, Usage
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Exposure, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import telling
from mcpsoar.kit.each import each
from mcpsoar.kit.http import Edge
from mcpsoar.kit.plain import shown
from mcpsoar.kit.rooms import Room

_NAMES = 1000  # kept in a journal


class Issuance(Room):
    """`open` in facts are the clients that were on; an undo switches those on again and no others."""

    def __init__(
        self,
        edge: Edge,
        clock: Clock,
        service: Service,
        settings: Settings,
        described: Described,
        *,
        single: Single,
        aim: Callable[[Step], Aim],
        place: str | None,
        spills: str | None = None,
    ) -> None:
        super().__init__(edge, clock)
        self._one = single
        self._aim = aim
        self._service = service
        self._held = settings.held
        self._caller = settings.caller.id
        self._whom = Whom(settings, described, place)
        self._late: set[str] = set()
        self._spills = spills

    @property
    def spills(self) -> str | None:
        return self._spills

    @property
    def lacks(self) -> tuple[str, ...]:
        kept = {client: why for client, why in self._whom.kept.items() if client in self._whom.known}
        unknown = sum(not one.owner or not one.aim for one in self._held)
        untold = f"{unknown} held tokens say not whose or what for: their clients are stopped only where"
        return (
            *(f"does not stop {client}: {why}" for client, why in kept.items()),
            *((f"{untold} clients says audiences",) if unknown else ()),
        )

    def survey(self) -> str:
        states = self._states(client for client in self._whom.known if client not in self._whom.kept)
        unknown = unknown_in(states)
        words = f"{len(on_in(states))} of {len(states)} clients get tokens"
        return words + (f"; its administration tells of no {told(unknown)}" if unknown else "")

    def baseline(self, step: Step) -> Baseline:
        states = self._states(self._whom.to_stop(self._aim(step)))
        return Baseline(is_met(states), facts_of(states), self._now())

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:
        states = self._states(self._whom.to_stop(self._aim(step)))
        on = [client for client in on_in(states) if self._may_stop(client, was)]
        seen = self._see_tokens(on)
        facts = {**facts_of(states), "asker": self._caller, "seen_active": seen}
        effect = Effect(facts, self._now(), found_in_force=is_met(states))
        telling.about_to(effect)

        def stop(client: str) -> None:
            self._one.apply(one_of(client), None, key_of(key, client))

        each(on, stop, where=self._where, late=self._late)
        return replace(effect, at=self._now())

    def look(self, step: Step) -> Observation:
        states = self._states(self._whom.to_stop(self._aim(step)))
        left, unknown = on_in(states), unknown_in(states)
        off = [client for client in states if client not in (*left, *unknown)]
        words = f"stopped {self._aim(step).words}: {told(off) if off else 'none'}"
        words += f" ({len(off)} of {len(states)} clients)"
        words += f"; still at work: {told(left)}" if left else ""
        words += f"; the administration tells of no {told(unknown)}" if unknown else ""
        verdict = Verdict.YES if is_met(states) else Verdict.NO
        is_partial = verdict is Verdict.NO and len(left) + len(unknown) < len(states)
        open_ = tuple(self._open(step, left, unknown))
        return Observation(verdict, words, facts_of(states), self._now(), open_, is_partial=is_partial)

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:
        before = self._before(step, was)
        states = self._states(before)
        waiting = [client for client, state in states.items() if state is not None and state.in_force]

        def let_in(client: str) -> None:
            self._one.rollback(one_of(client), before[client], key_of(key, client))

        each(waiting, let_in, where=self._where, late=self._late)
        return Effect({"switched_on": waiting}, self._now())

    def look_back(self, step: Step, was: Baseline | None) -> Observation:
        before = self._before(step, was)
        waiting = [client for client, one in before.items() if not self._is_back(client, one)]
        back = [client for client in before if client not in waiting]
        words = f"on again: {told(back)}" if back else "no client is on again"
        words += f"; still off: {told(waiting)}" if waiting else ""
        words += self._revived(back)
        verdict = Verdict.NO if waiting else Verdict.YES
        is_partial = 0 < len(waiting) < len(before)
        return Observation(verdict, words, {"off": waiting}, self._now(), is_partial=is_partial)

    def _states(self, clients: Iterable[str]) -> States:
        """Raises as `baseline`: where none of them is known, why the last is not."""
        found: dict[str, Baseline | None] = {}
        unknown: Trouble | None = None
        for client in clients:
            try:
                found[client] = self._one.baseline(one_of(client))
            except (UnknownTarget, Usage) as trouble:
                found[client], unknown = None, trouble
            except (Denied, Malformed, Unsupported) as trouble:
                if not self._whom.is_hearsay(client):
                    raise
                found[client], unknown = None, trouble  # such a name is no reason to leave the others be
        if unknown is not None and not any(found.values()):
            raise unknown
        return found

    def _may_stop(self, client: str, was: Baseline | None) -> bool:
        """Whoever could not be looked at before, and can now, would not be let in again."""
        known = was.facts.get("open") if was is not None else None
        return known is None or client in known or not self._whom.is_hearsay(client)

    def _before(self, step: Step, was: Baseline | None) -> dict[str, Baseline]:
        """The clients that were on, and how each was; all of them where it is only assumed that they were."""
        if was is None or (was.facts and "open" not in was.facts):
            raise Unsupported("which clients were on before is not known here: switch them on by hand")
        named = was.facts["open"] if was.facts else self._whom.to_stop(self._aim(step))
        known = was.facts.get("before", {})
        return {
            client: Baseline(in_force=False, facts=known.get(client, {}), seen_at=was.seen_at)
            for client in named
        }

    def _is_back(self, client: str, was: Baseline) -> bool:
        try:
            return self._one.look_back(one_of(client), was).verdict is Verdict.YES
        except (UnknownTarget, Usage):
            return False

    def _open(self, step: Step, left: list[str], unknown: list[str]) -> Iterable[Exposure]:
        aim, why = self._aim(step), self._whom.kept
        for client in (*left, *unknown):
            yield Exposure(f"new tokens {aim.words}: {shown(client)} is not stopped", None)
        for client in (one for one in self._whom.of(aim) if one in why):
            yield Exposure(f"new tokens {aim.words}: {client} is not stopped, for {why[client]}", None)

    def _see_tokens(self, clients: list[str]) -> list[str]:
        """While their clients are on: some services call those of a stopped one inactive, revoked or not. The
        names of those that are active.
        """
        with suppress(Trouble):  # a change waits for no look that fails
            for one in self._held:
                if one.owner in clients and one.name not in self._service.active:
                    self._service.introspected(one)
        return [one.name for one in self._held if one.name in self._service.active][:_NAMES]

    def _revived(self, clients: list[str]) -> str:
        """What a stopped client's tokens came to: on some services inactive is not revoked."""
        ours = [one for one in self._held if one.owner in clients and not one.is_kept]
        try:
            active = sum(self._service.introspected(one).state is State.ACTIVE for one in ours)
        except Trouble as trouble:
            return f"; whether tokens of them are active again is not known: {trouble.message}"
        return f"; {active} held tokens of them are active: they were never revoked" if active else ""
