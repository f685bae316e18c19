"""Clients that get no new tokens: switched off one by one, and those that were on switched on again."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from mcpsoar.connectors.in_http.caller import Caller
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
from mcpsoar.core.errors import Trouble, UnknownTarget, Unsupported, Usage
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Exposure, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import telling
from mcpsoar.kit.each import each
from mcpsoar.kit.http import Edge
from mcpsoar.kit.plain import shown
from mcpsoar.kit.rooms import Room
from mcpsoar.kit.targets import PRINCIPAL


class Issuance(Room):
    """`open` in facts are the clients that were on; an undo switches those on again and no others.

    Clients of an audience are those that `clients` names for it, and the owners of held tokens for it. Who
    owns a token that is kept stays, for some services call all tokens of a stopped client inactive; so does
    who asks about tokens.
    """

    def __init__(
        self,
        edge: Edge,
        clock: Clock,
        service: Service,
        settings: Settings,
        described: Described,
        *,
        aim: Callable[[Step], Aim],
        place: str | None,
        spills: str | None = None,
    ) -> None:
        super().__init__(edge, clock)
        names = {f"{PRINCIPAL}{client}": called for client, called in described.names.items()}
        self._one = Single(edge, clock, Caller(edge, described.said, names, clock=clock, place=place))
        self._aim = aim
        self._place = place
        self._service = service
        self._settings = settings
        self._kept = {
            **dict.fromkeys(described.keep, "the profile says so"),
            **{one.owner: "a token of it is kept" for one in settings.held if one.is_kept and one.owner},
            settings.caller.id: "it asks about tokens",
        }
        self._late: set[str] = set()
        self._spills = spills

    @property
    def spills(self) -> str | None:
        return self._spills

    @property
    def lacks(self) -> tuple[str, ...]:
        unknown = sum(1 for one in self._settings.held if not one.owner or not one.aim)
        untold = f"{unknown} held tokens say not whose or what for: their clients are stopped only where"
        return (
            *(
                f"does not stop {client}: {why}"
                for client, why in self._kept.items()
                if self._is_at_work(client)
            ),
            *((f"{untold} clients says audiences",) if unknown else ()),
        )

    def survey(self) -> str:
        every = [*self._settings.clients, *(one.owner for one in self._settings.held if one.owner)]
        states = self._states(client for client in dict.fromkeys(every) if client not in self._kept)
        unknown = unknown_in(states)
        words = f"{len(on_in(states))} of {len(states)} clients get tokens"
        return words + (f"; its administration knows no {', '.join(unknown)}" if unknown else "")

    def baseline(self, step: Step) -> Baseline:
        states = self._states(self._clients(step))
        return Baseline(is_met(states), facts_of(states), self._now())

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        states = self._states(self._clients(step))
        effect = Effect(facts_of(states), self._now(), found_in_force=is_met(states))
        telling.about_to(effect)

        def stop(client: str) -> None:
            self._one.apply(one_of(client), None, key_of(key, client))

        each(on_in(states), stop, where=self._where, late=self._late)
        return replace(effect, at=self._now())

    def look(self, step: Step) -> Observation:
        states = self._states(self._clients(step))
        left, unknown = on_in(states), unknown_in(states)
        words = f"{len(states) - len(left) - len(unknown) or 'none'} of {len(states)} clients"
        words += f" {self._aim(step).words} is stopped"
        words += f"; still at work: {told(left)}" if left else ""
        words += f"; the administration knows no {told(unknown)}" if unknown else ""
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
        words = f"{len(waiting) or 'none'} of the clients that were on before is off"
        words += f": {told(waiting)}" if waiting else ""
        words += self._revived([client for client in before if client not in waiting])
        verdict = Verdict.NO if waiting else Verdict.YES
        is_partial = 0 < len(waiting) < len(before)
        return Observation(verdict, words, {"off": waiting}, self._now(), is_partial=is_partial)

    def _clients(self, step: Step) -> tuple[str, ...]:
        """Those of its aim that are not kept. Raises Usage where there is none."""
        aim = self._aim(step)
        known = [aim.client] if aim.client else self._of_audience(aim.audience)
        found = tuple(client for client in known if client not in self._kept)
        if not found:
            why = f"{told(known)} stays: {self._kept[known[0]]}" if known else "none is known"
            words = f"no client {aim.words} can be stopped: {why}; say audiences of clients, or hold tokens"
            raise Usage(words, where=self._place)
        return found

    def _of_audience(self, audience: str | None) -> list[str]:
        named = [one.id for one in self._settings.clients.values() if audience in one.audiences]
        owners = [one.owner for one in self._settings.held if audience in one.aim and one.owner]
        return sorted({*named, *owners})

    def _is_at_work(self, client: str) -> bool:
        return client in self._settings.clients or any(client == one.owner for one in self._settings.held)

    def _states(self, clients: Iterable[str]) -> States:
        """Raises as `baseline`; UnknownTarget where none of them is known."""
        found: dict[str, Baseline | None] = {}
        unknown: UnknownTarget | None = None
        for client in clients:
            try:
                found[client] = self._one.baseline(one_of(client))
            except UnknownTarget as trouble:
                found[client], unknown = None, trouble
        if unknown is not None and not any(found.values()):
            raise unknown
        return found

    def _before(self, step: Step, was: Baseline | None) -> dict[str, Baseline]:
        """The clients that were on, and how each was; all of them where it is only assumed that they were."""
        if was is None or (was.facts and "open" not in was.facts):
            raise Unsupported("which clients were on before is not known here: switch them on by hand")
        named = was.facts["open"] if was.facts else self._clients(step)
        known = was.facts.get("before", {})
        return {
            client: Baseline(in_force=False, facts=known.get(client, {}), seen_at=was.seen_at)
            for client in named
        }

    def _is_back(self, client: str, was: Baseline) -> bool:
        try:
            return self._one.look_back(one_of(client), was).verdict is Verdict.YES
        except UnknownTarget:
            return False

    def _open(self, step: Step, left: list[str], unknown: list[str]) -> Iterable[Exposure]:
        aim = self._aim(step)
        kept = [] if aim.client else [one for one in self._of_audience(aim.audience) if one in self._kept]
        for client in (*left, *unknown):
            yield Exposure(f"new tokens {aim.words}: {shown(client)} is not stopped", None)
        for client in kept:
            yield Exposure(f"new tokens {aim.words}: {client} is not stopped, for {self._kept[client]}", None)

    def _revived(self, clients: list[str]) -> str:
        """What a stopped client's tokens came to: on some services inactive is not revoked."""
        ours = [one for one in self._settings.held if one.owner in clients and not one.is_kept]
        try:
            active = sum(self._service.introspected(one).state is State.ACTIVE for one in ours)
        except Trouble as trouble:
            return f"; whether tokens of them are active again is not known: {trouble.message}"
        return f"; {active} held tokens of them are active: they were never revoked" if active else ""
