"""CASE, COALESCE, GREATEST, LEAST and CIDR_MATCH (their pages; conditional, null and ip csv-spec)."""

import ipaddress
from collections.abc import Callable, Sequence

from tests.languages.esql.comparisons import cast
from tests.languages.esql.compiled import SINGLE, Compiled, Session, expect, scalar, widened, widest
from tests.languages.esql.errors import Refused, Undocumented
from tests.languages.esql.tables import Row, Value


def case(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """The value of the first condition that is true; several values as a condition are false."""
    pairs = list(zip(of[0::2], of[1::2], strict=False))
    other = of[-1] if len(of) % 2 else None
    for condition, _ in pairs:
        expect(condition, ("boolean",), text)
    branches = _alike([value for _, value in pairs] + ([other] if other else []))
    kind = widest(branches, text)

    def evaluate(row: Row) -> Value:
        for (condition, _), value in zip(pairs, branches, strict=False):
            met = condition.evaluate(row)
            if isinstance(met, tuple):
                session.warn(text, SINGLE, "false")
            elif met:
                return widened(value.evaluate(row), kind)
        return widened(branches[-1].evaluate(row), kind) if other else None

    return _branched(evaluate, kind, text, of, branches)


def coalesce(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """The first that is not null, several values included."""
    branches = _alike(of)
    kind = widest(branches, text)

    def evaluate(row: Row) -> Value:
        found = (one.evaluate(row) for one in branches)
        return widened(next((value for value in found if value is not None), None), kind)

    return _branched(evaluate, kind, text, of, branches)


def greatest(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return _extreme(text, of, max)


def least(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return _extreme(text, of, min)


def cidr_match(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """Whether any block holds the address (ip.csv-spec: null and several addresses give null)."""
    address = cast(of[0], "ip") if of[0].literal else of[0]
    expect(address, ("ip",), text)
    for block in of[1:]:
        expect(block, ("keyword",), text)
        if not block.constant:
            raise Undocumented(f"[{text}]: a block that is no constant")
    blocks = [_block(one, text) for block in of[1:] for one in (block.evaluate({}),)]
    return scalar(
        session, text, "boolean", (address,), lambda ip: any(first <= ip <= last for first, last in blocks)
    )


def _block(given: Value, text: str) -> tuple[bytes, bytes]:
    try:
        block = ipaddress.ip_network(given)
    except (ValueError, TypeError):
        raise Undocumented(f"[{text}]: the block {given!r}") from None
    prefix = bytes(10) + b"\xff\xff" if block.version == 4 else b""
    return prefix + block[0].packed, prefix + block[-1].packed


def _extreme(text: str, of: Sequence[Compiled], pick: Callable[..., Value]) -> Compiled:
    """One type, one value each: the pages say nothing of null or of several values."""
    kind = widest(of, text)
    if kind in ("time_duration", "date_period"):
        raise Refused(f"[{text}] of spans of time")

    def evaluate(row: Row) -> Value:
        values = [one.evaluate(row) for one in of]
        if any(value is None or isinstance(value, tuple) for value in values):
            raise Undocumented(f"[{text}] of {values}")
        return pick(widened(one, kind) for one in values)

    return Compiled(kind, evaluate, text, constant=all(one.constant for one in of))


def _alike(of: Sequence[Compiled]) -> list[Compiled]:
    """Texts as written beside dates, addresses or booleans are read as these (page "Implicit casting")."""
    kinds = {one.kind for one in of if not one.literal} - {"null", "keyword"}
    return [cast(one, min(kinds)) if one.literal and len(kinds) == 1 else one for one in of]


def _branched(
    evaluate: Callable[[Row], Value],
    kind: str,
    text: str,
    of: Sequence[Compiled],
    branches: Sequence[Compiled],
) -> Compiled:
    return Compiled(
        kind,
        evaluate,
        text,
        constant=all(one.constant for one in of),
        ordered=all(one.ordered for one in branches),
        normal=any(one.normal for one in branches),
    )
