"""The rows of the table: what happens to a call. Their numbers stand for kinds of failure, in this order:

1 well, 2 a 2xx without effect, 3 no canary, 4 a 2xx that says no, 5 a 202, 6 half of the items, 7 so before,
8 to 14 refusals, 15 a 429, 16 a 5xx, 17 refused, 18 swallowed, 19 late, 20 a reset, 21 cut off,
22 redirected, 23 no JSON, 24 too much, 25 too slow, 26 no read-back, 27 a stale one, 28 another object.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mcpsoar.lab.wire import Trick


class Play(StrEnum):
    """When a fault is met; each is a run of its own."""

    ONCE = "once"  # by the first change
    ALWAYS = "always"  # by every change
    UNSEEN = "unseen"  # by every read, so that nothing can be read back
    WHOLE = "whole"  # there from the beginning, and no matter of one call


HALVES = ("half", "first")  # rows where one of several items is at fault
WIRE = (Play.ONCE, Play.ALWAYS, Play.UNSEEN)


@dataclass(frozen=True, slots=True)
class Row:
    """`trick` is played on the wire, with `settings`. `special` names what else is arranged. `is_late`: it
    lasts until the connector's time is up.
    """

    number: str
    name: str
    trick: Trick | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    plays: tuple[Play, ...] = WIRE
    special: str = ""
    is_late: bool = False


def _status(number: str, name: str, status: int, *, after: bool = False, **settings: Any) -> Row:
    trick = Trick.STATUS_AFTER if after else Trick.STATUS
    return Row(number, name, trick, {"status": status, **settings})


_WHOLE = (Play.WHOLE,)
_CHANGES = (Play.ONCE, Play.ALWAYS)
_HOUR = {"retry-after": "3600"}
_SECOND = {"retry-after": "1"}

ROWS = (
    Row("1", "well", plays=_WHOLE),
    Row("2", "2xx without effect", plays=_WHOLE, special="lie"),
    Row("3", "no canary", plays=_WHOLE, special="no canary"),
    _status("4", "success: false", 200, body=b'{"success": false}'),
    Row("5a", "202, kept", Trick.LATER, {"seconds": 0.05}, _CHANGES),
    _status("5b", "202, not kept", 202),
    Row("6a", "half, one refused", Trick.STATUS, {"status": 403}, _WHOLE, "half"),
    Row(
        "6b",
        "half, one put off",
        Trick.STATUS,
        {"status": 429, "headers": _SECOND},
        _WHOLE,
        "half",
    ),
    Row("6c", "half, one not taken", Trick.STATUS, {"status": 200, "body": b"[]"}, _WHOLE, "half"),
    Row("6d", "first of all refused", Trick.STATUS, {"status": 403}, _WHOLE, "first"),
    Row("7", "so before", plays=_WHOLE, special="before"),
    _status("8a", "400", 400),
    _status("8b", "422", 422),
    _status("9a", "401", 401),
    Row("9b", "401, and a spare", Trick.STATUS, {"status": 401}, (Play.ONCE,), "spare"),
    _status("10", "403", 403),
    _status("11", "404", 404),
    _status("12", "404 when done", 404, after=True),
    _status("13a", "409", 409),
    _status("13b", "409 when done", 409, after=True),
    _status("14", "412", 412),
    _status("15a", "429 for a second", 429, headers=_SECOND),
    _status("15b", "429 for no time", 429),
    _status("15c", "429 for an hour", 429, headers=_HOUR),
    _status("15d", "locked out", 429, headers={"retry-after": "900"}, body=b'{"detail": "Account locked"}'),
    _status("16a", "500", 500),
    _status("16b", "500 when done", 500, after=True),
    _status("16c", "503 for no time", 503, headers={"retry-after": "0"}),
    _status("16d", "504 when done", 504, after=True),
    Row("17", "nobody listens", plays=_WHOLE, special="closed"),
    Row("18", "swallowed", plays=_WHOLE, special="swallowing", is_late=True),
    Row("19a", "late, not done", Trick.DEAF, is_late=True),
    Row("19b", "late, done", Trick.SILENCE, is_late=True),
    Row("20a", "reset, not done", Trick.DROP_BEFORE),
    Row("20b", "reset, done", Trick.DROP_AFTER),
    Row("21a", "hung up", Trick.HANG_UP),
    Row("21b", "half an answer", Trick.HALF),
    Row("21c", "no HTTP", Trick.GARBLED),
    Row("22a", "redirect 307", Trick.REDIRECT, {"status": 307}),
    Row("22b", "redirect 303", Trick.REDIRECT, {"status": 303}),
    Row("23a", "no JSON", Trick.NOT_JSON),
    _status("23b", "NaN", 200, after=True, body=b'{"n": NaN}'),
    Row("24a", "without end", Trick.HUGE),
    Row("24b", "a bomb", Trick.BOMB),
    Row("25", "slow drip", Trick.DRIP, is_late=True),
    Row("26", "no read-back", Trick.STATUS, {"status": 404}, (Play.UNSEEN,)),
    Row("27a", "a stale read", Trick.REPLAY, {}, _WHOLE, "stale once"),
    Row("27b", "stale for ever", Trick.REPLAY, {}, _WHOLE, "stale"),
    Row("28", "another object", plays=_WHOLE, special="stray"),
    Row("-", "an echo of the token", Trick.ECHO, {"status": 500}),
)
