"""All held tokens that a step is about as they are now, sorted by what can be said of each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from mcpsoar.connectors.in_oauth.aim import Aim
from mcpsoar.connectors.in_oauth.held import Held
from mcpsoar.connectors.in_oauth.service import Said, State
from mcpsoar.core.digest import Facts, Json

_NAMES = 1000  # kept in a journal; a longer list is counted, not copied


@dataclass(frozen=True, slots=True)
class Found:
    held: Held
    said: Said

    @property
    def client(self) -> str | None:
        """Whose it is by the service, else by the list."""
        return self.said.client or self.held.client


@dataclass(frozen=True, slots=True)
class Survey:
    """`left` are active, `gone` were seen active (or another of their audience was) and are not, `unproven`
    are inactive or untold and may be good. `untold` are JWTs that the service neither introspects nor knows.
    `kept` and `elsewhere` (others', by the service's word) are not to go. `is_blinded`: a kept
    token was seen active and is not any more, so nothing that is called inactive counts.
    """

    left: list[Found] = field(default_factory=list)
    gone: list[Found] = field(default_factory=list)
    unproven: list[Found] = field(default_factory=list)
    untold: list[Found] = field(default_factory=list)
    kept: list[Found] = field(default_factory=list)
    elsewhere: list[Found] = field(default_factory=list)
    is_blinded: bool = False

    @property
    def aims(self) -> list[Found]:
        """Every one that is to go."""
        return [*self.left, *self.gone, *self.unproven, *self.untold]

    @property
    def facts(self) -> Facts:
        """How many of each, and their names."""
        facts: dict[str, Json] = {}
        for kind in ("left", "gone", "unproven", "untold", "kept", "elsewhere"):
            names = [one.held.name for one in getattr(self, kind)]
            facts |= {kind: len(names), f"{kind}_names": names[:_NAMES]} if names else {}
        return facts


def survey(
    looked: Sequence[Found],
    aim: Aim,
    active: Mapping[str, tuple[Held, Said]],
    proven: Collection[str] = frozenset(),
) -> Survey:
    """Sort them. `active` are tokens that were seen active at any time, by name; `proven` are names of others
    of which inactive is proof.
    """
    blinded = any(
        one.held.is_kept and one.held.name in active and one.said.state is State.INACTIVE for one in looked
    )
    made = Survey(is_blinded=blinded)
    for one in looked:
        known = active.get(one.held.name)
        if aim.is_missed(known[1] if known else one.said):
            made.elsewhere.append(one)
        elif one.held.is_kept:
            made.kept.append(one)
        elif one.said.state is State.ACTIVE:
            made.left.append(one)
        elif one.said.state is State.UNTOLD:
            (made.unproven if one.held.claims is None else made.untold).append(one)
        elif not blinded and (known or one.held.name in proven or _is_witnessed(one.held, active)):
            made.gone.append(one)
        else:
            made.unproven.append(one)
    return made


def _is_witnessed(one: Held, active: Mapping[str, tuple[Held, Said]]) -> bool:
    """Whether a token was seen active that the asker may see for no reason that this one lacks."""
    reasons = (said.audiences or held.aim for held, said in active.values())
    return any(reason and reason <= one.aim for reason in reasons)
