"""What a revocation leaves open on a token service, until when, and what still stops it."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from mcpsoar.connectors.in_oauth.aim import Aim
from mcpsoar.connectors.in_oauth.held import REFRESH
from mcpsoar.connectors.in_oauth.service import Said, State, instant
from mcpsoar.connectors.in_oauth.survey import Found, Survey
from mcpsoar.core.run import Exposure

_SKEW = timedelta(minutes=5)  # that a resource server's clock may be behind ours
_STOPS = "the server's registry entry, introspection at the server, or a new signing key"


def exposures(
    found: Survey,
    aim: Aim,
    *,
    where: str,
    now: datetime,
    why_left: Mapping[str, str],
    seen: Mapping[str, Said],
) -> Iterator[Exposure]:
    """`why_left` and `seen` (active last) are by a token's name."""
    owners = sorted({one.held.client for one in found.aims if one.held.client is not None})
    who = f" of {', '.join(owners)}" if owners and aim.client is None else ""
    yield Exposure(f"new tokens{who} {aim.words}: issuance goes on; disable the client at {where}", None)
    yield Exposure(f"tokens {aim.words} that are not held here: {where} lists none", None)
    for one in (*found.left, *found.unproven):
        unknown = "not revoked yet" if one in found.left else "whether it is active is not known"
        why = why_left.get(one.held.name, unknown)
        yield Exposure(f"{one.held.words}: {why}; what still stops it: {_STOPS}", _until(one, seen))
    for one in (*found.gone, *found.untold):
        if one.held.claims is not None and (one.held.kind != REFRESH or one in found.untold):
            until = _until(one, seen)
            if until is None or _is_ahead(one, now):
                yield Exposure(f"{one.held.words}, {_jwt(one, found)}; what still stops it: {_STOPS}", until)
    for one in found.kept:
        if one.said.state is not State.INACTIVE:
            yield Exposure(f"{one.held.words} is kept, as held says", _until(one, seen))
    for one in found.elsewhere:
        words = f"{one.held.words} is left: {where} says that it is not {aim.words}"
        yield Exposure(words, _until(one, seen))


def _jwt(one: Found, found: Survey) -> str:
    known = "which this service does not revoke" if one in found.untold else "revoked"
    return f"a JWT {known}: a server that reads it alone takes it until its end (its own word, unverified)"


def _is_ahead(one: Found, now: datetime) -> bool:
    said = (one.held.claims or {}).get("exp")
    until = instant(said)
    return until is None or datetime.fromisoformat(until) + _SKEW > now


def _until(one: Found, seen: Mapping[str, Said]) -> str | None:
    known = seen.get(one.held.name)
    told = one.said.until or (known.until if known else None)
    return told or instant((one.held.claims or {}).get("exp"))
