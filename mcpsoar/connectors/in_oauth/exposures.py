"""What a revocation leaves open on a token service, until when, and what still stops it."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta

from mcpsoar.connectors.in_oauth.aim import Aim
from mcpsoar.connectors.in_oauth.held import REFRESH
from mcpsoar.connectors.in_oauth.service import Said, State, instant
from mcpsoar.connectors.in_oauth.survey import Found, Survey
from mcpsoar.core.run import Exposure
from mcpsoar.kit.stops import ENTRY, INTROSPECTION, KEY, stopped_by

_SKEW = timedelta(minutes=5)  # that a resource server's clock may be behind ours


def exposures(
    found: Survey,
    aim: Aim,
    *,
    where: str,
    now: datetime,
    why_left: Mapping[str, str],
    seen: Mapping[str, Said],
    revoked: Collection[str],
    has_issuance: bool,
) -> Iterator[Exposure]:
    """`why_left` and `seen` (active last) are by a token's name, `revoked` are names. `has_issuance`: a
    step of its own stops the clients that are known.
    """
    owners = sorted({one.held.client for one in found.aims if one.held.client is not None})
    who = f" of {', '.join(owners)}" if owners and aim.client is None else ""
    if not has_issuance:
        yield Exposure(f"new tokens{who} {aim.words}: issuance goes on; disable the client at {where}", None)
    elif aim.client is None:
        yield Exposure(f"new tokens {aim.words} of clients that neither held nor clients knows", None)
    yield Exposure(f"tokens {aim.words} that are not held here: {where} lists none", None)
    for one in (*found.left, *found.unproven):
        unknown = "not revoked yet" if one in found.left else "whether it is active is not known"
        why = why_left.get(one.held.name, unknown)
        yield Exposure(f"{one.held.words}: {why} {stopped_by(ENTRY, *_key(one))}", _until(one, seen))
    for one in (*found.gone, *found.untold):
        if one.held.claims is not None and (one.held.kind != REFRESH or one in found.untold):
            until = _until(one, seen)
            if until is None or _is_ahead(one, now):
                yield Exposure(f"{one.held.words}, {_jwt(one, found)}", until)
    for one in found.gone if has_issuance else ():
        if one.held.name not in revoked:
            # stopping its client may be all that ended it, and a release undoes that
            words = "is inactive and was not seen revoked: it may be good again once its client is let in"
            yield Exposure(f"{one.held.words} {words} {stopped_by(ENTRY, INTROSPECTION)}", _until(one, seen))
    for one in found.kept:
        if one.said.state is not State.INACTIVE:
            yield Exposure(f"{one.held.words} is kept, as held says {stopped_by(ENTRY)}", _until(one, seen))
    for one in found.elsewhere:
        words = f"{one.held.words} is left: {where} says that it is not {aim.words}"
        yield Exposure(words, _until(one, seen))


def _jwt(one: Found, found: Survey) -> str:
    is_untold = one in found.untold
    known = "which this service does not revoke" if is_untold else "revoked"
    words = f"a JWT {known}: a server that reads it alone takes it until its end, which is its own word"
    # where the service knows nothing of it, nobody who asks learns anything
    return f"{words} {stopped_by(ENTRY, *(() if is_untold else (INTROSPECTION,)), KEY)}"


def _key(one: Found) -> tuple[str, ...]:
    return (KEY,) if one.held.claims is not None else ()


def _is_ahead(one: Found, now: datetime) -> bool:
    said = (one.held.claims or {}).get("exp")
    until = instant(said)
    return until is None or datetime.fromisoformat(until) + _SKEW > now


def _until(one: Found, seen: Mapping[str, Said]) -> str | None:
    known = seen.get(one.held.name)
    told = one.said.until or (known.until if known else None)
    return told or instant((one.held.claims or {}).get("exp"))
