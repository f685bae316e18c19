"""What a survey of held tokens comes to, in words for a person, and what is left for one to do."""

from collections.abc import Collection
from dataclasses import dataclass

from mcpsoar.connectors.in_oauth.aim import Aim
from mcpsoar.connectors.in_oauth.clients import told
from mcpsoar.connectors.in_oauth.memory import Memory
from mcpsoar.connectors.in_oauth.service import State
from mcpsoar.connectors.in_oauth.survey import Found, Survey
from mcpsoar.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Known:
    """`asker` is who was told, `active` are tokens that it was told to be active, `acknowledged` those whose
    revocation was: by name. `stopped` are clients.
    """

    asker: str
    active: Collection[str]
    acknowledged: Collection[str]
    memory: Memory
    stopped: Collection[str]
    has_issuance: bool

    @property
    def asked(self) -> set[str]:
        """Those whose revocation was acknowledged in an earlier run, too."""
        return {*self.acknowledged, *self.memory.acknowledged}


def judged(found: Survey, aim: Aim, known: Known) -> tuple[Verdict, str]:
    """The verdict, and why."""
    off = f"{told(known.stopped)} {_are(known.stopped)} stopped" if known.stopped else ""
    if found.left:
        gone = f", {len(found.gone)} no longer" if found.gone else ""
        cannot = f"; {off}, and cannot revoke what is theirs" if off else ""
        return Verdict.NO, f"{_tokens(found.left)} {aim.words} {_are(found.left)} active{gone}{cannot}"
    if not found.aims:
        return Verdict.CANNOT_TELL, f"no token {aim.words} is held: nothing is known of any"
    if found.unproven:
        never = "were" if len(found.unproven) > 1 else "was"
        why = "so is a kept one" if found.is_blinded else f"{never} never seen active"
        return Verdict.CANNOT_TELL, (
            f"{off}{', and ' if off else ''}{_tokens(found.unproven)} {aim.words} {_are(found.unproven)} not"
            f" active, {known.asker} is told, and {why}: that is said of good ones too; let a client of the"
            " audience ask, or hold one more with keep = true"
        )
    words = f"none of {_tokens(found.aims)} {aim.words} is active"
    if found.untold:
        words = f"{_tokens(found.gone) if found.gone else 'no held token'} {aim.words} {_are(found.gone)}"
        words += f" revoked, and {len(found.untold)} JWT cannot be, here"
    return Verdict.YES, words + _proofs(found, known) + _unrevoked(found, known, off)


def by_hand(found: Survey, aim: Aim, known: Known, where: str) -> str | None:
    """What a person does where no repeat can change what was seen; None where one may."""
    if found.is_blinded or not (found.left or found.unproven):
        return None
    if not all(one.client in known.stopped for one in found.left):
        return None
    if not all(
        one.said.state is State.INACTIVE and (one.client in known.stopped or one.held.name in known.asked)
        for one in found.unproven
    ):
        return None
    ask = "try a call with one of them by hand: is it refused?"
    if found.left:
        owners = {one.client for one in found.left if one.client is not None}
        return f"end the tokens of {told(sorted(owners))} at {where} itself, or {ask}"
    return f"hold one more token {aim.words} with keep = true and contain again, or {ask}"


def unasked(found: Survey, known: Known) -> dict[str, str]:
    """Why tokens of stopped clients are left, by name."""
    of_stopped = [one for one in (*found.left, *found.unproven) if one.client in known.stopped]
    return {
        one.held.name: "its client is stopped, so it "
        + ("cannot revoke it" if one in found.left else "was not revoked; whether it is good is not known")
        for one in of_stopped
        if one in found.left or one.held.name not in known.asked
    }


def _proofs(found: Survey, known: Known) -> str:
    """By what else than an own look before it inactive counts."""
    unseen = [one.held.name for one in found.gone if one.held.name not in known.active]
    revoked = [name for name in unseen if name in known.memory.revoked]
    active = [name for name in unseen if name in known.memory.active and name not in revoked]
    others = len(unseen) - len(revoked) - len(active)
    words = f"; an earlier run saw {_of_them(revoked, found)} revoked" if revoked else ""
    words += f"; an earlier run saw {_of_them(active, found)} active" if active else ""
    was = "were" if others > 1 else "was"
    return words + (f"; {others} of them {was} never seen active, only others like it" if others else "")


def _unrevoked(found: Survey, known: Known, off: str) -> str:
    seen = {*known.acknowledged, *known.memory.revoked}
    left = [one for one in found.gone if one.held.name not in seen] if known.has_issuance else []
    was = "were" if len(left) > 1 else "was"
    return f"; {len(left)} of them {was} not seen revoked{f', for {off}' if off else ''}" if left else ""


def _tokens(found: Collection[Found]) -> str:
    return f"{len(found)} held token{'s' if len(found) != 1 else ''}"


def _are(several: Collection[object]) -> str:
    return "are" if len(several) > 1 else "is"


def _of_them(names: Collection[str], found: Survey) -> str:
    return "them" if len(names) == len(found.gone) else f"{len(names)} of them"
