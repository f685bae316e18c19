"""What rooms of this connector share: whom a step means, and calls as the profile describes them."""

from collections.abc import Callable, Iterator, Mapping

from mcpsoar.connectors.in_http import condition
from mcpsoar.connectors.in_http.condition import Answer, Condition
from mcpsoar.connectors.in_http.paging import pages
from mcpsoar.connectors.in_http.said import Call, Look, Said
from mcpsoar.connectors.in_http.template import NOW, PRINCIPAL, SERVER, TOOL, Fill, filled, is_text
from mcpsoar.connectors.in_http.wording import ABSENT
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Malformed, UnknownTarget, Unsupported, Usage
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.kit import targets
from mcpsoar.kit.http import Edge
from mcpsoar.kit.rooms import server


class Caller:
    """One action's calls. `names` is what the control plane calls a server, where that differs; `place` is
    where the settings have the role.
    """

    def __init__(
        self, edge: Edge, said: Said, names: Mapping[str, str], *, clock: Clock, place: str | None
    ) -> None:
        self.said = said
        self.place = place
        self._edge = edge
        self._names = names
        self._clock = clock

    def fill(self, step: Step) -> Fill:
        """Raises Usage where a step is about one thing and a call is not, or the other way round."""
        if step.server is not None and not self.said.names_target:
            places = " and ".join(f"{{{name}}}" for name in sorted(self.said.targets))
            words = f"{step.action} acts on one thing, and a look, do or undo of it without {places} on more"
            raise Usage(words, where=self.place)
        fill = self._target(step) if self.said.needs_target else {}
        for asked in fill.values():
            if not asked or not is_text(asked):
                raise Usage(f"{asked!r} is no name that can be sent", where=self.place)
        return fill

    def _target(self, step: Step) -> Fill:
        match targets.OF.get(step.action):
            case targets.TOOL:
                name, asked = targets.tool(step)
                return {SERVER: self.called(asked), TOOL: name}
            case targets.PRINCIPAL:
                asked = targets.principal(step)
                return {PRINCIPAL: self._names.get(step.server or "", asked)}
        return {SERVER: self.called(server(step))}

    def called(self, asked: str) -> str:
        """What the control plane calls a server."""
        return self._names.get(asked, asked)

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the profile does not describe."""
        action = self.said.action
        no_look = f"no look for {action}: nothing proves it, its steps end applied_unverified"
        no_undo = f"no undo for {action}: what is changed stays so until a person undoes it"
        is_undone = self.said.undo is not None or action.startswith("tokens.revoke")
        return (*(() if self.said.look else (no_look,)), *(() if is_undone else (no_undo,)))

    @property
    def look(self) -> Look:
        """Raises Unsupported where there is none."""
        if self.said.look is None:
            raise Unsupported(f"the profile describes no look for {self.said.action}", where=self.place)
        return self.said.look

    def seen(self, fill: Fill) -> Json:
        """What the look answers. Raises as `Edge.read`, and UnknownTarget as `unknown` says."""
        call = self.look.call
        reply = self._edge.find(
            *filled(call.path, fill), query=filled(call.query, fill), absent=self._judge(fill)
        )
        body = reply.body if reply else None
        self._known(Answer(body, 200), fill)
        return body

    def pages(self, fill: Fill) -> Iterator[Json]:
        """The same of a list, page by page."""
        after = self.look.list.next if self.look.list else None
        for body in pages(
            self._edge, self.look.call, after, fill, absent=self._judge(fill), clock=self._clock
        ):
            self._known(Answer(body, 200), fill)
            yield body

    def change(self, call: Call, fill: Fill, key: str, before: Facts | None = None) -> Facts | None:
        """Sent once: what the answer says in the places that `done` looks at; None for one that is `gone`.

        Raises as `Edge.change`, UnknownTarget as `unknown` says, Malformed where `done` is not met.
        """
        soon = {NOW: str(int(self._clock.now().timestamp()) + 1)}
        reply = self._edge.change(
            call.method,
            *filled(call.path, fill),
            key=key,
            body=filled(call.body, {**fill, **soon}, before),
            query=filled(call.query, fill),
            absent=self._judge(fill, call.gone),
        )
        if reply.status >= 400:
            return None
        answer = Answer(reply.body, reply.status, is_bare=reply.body is None)
        self._known(answer, fill)
        if call.done is not None and call.done.met(answer, fill) is not True:
            raise Malformed(
                "the answer to the change does not say what done wants of it", where=self._edge.where
            )
        return condition.kept(reply.body, condition.pointers(call.done))

    def unknown(self, fill: Fill) -> UnknownTarget:
        meant = next((fill[name] for name in (TOOL, PRINCIPAL, SERVER) if name in fill), "such thing")
        return UnknownTarget(f"the control plane knows no {meant}", where=self._edge.where)

    def _judge(self, fill: Fill, gone: Condition | None = None) -> Callable[[int, Json], bool]:
        def is_gone(status: int, body: Json) -> bool:
            answer = Answer(body, status)
            if gone is not None and status in ABSENT and gone.met(answer, fill) is True:
                return True
            self._known(answer, fill)
            return False

        return is_gone

    def _known(self, answer: Answer, fill: Fill) -> None:
        unknown = self.said.unknown
        if unknown is not None and answer.status in ABSENT and unknown.met(answer, fill) is True:
            raise self.unknown(fill)
