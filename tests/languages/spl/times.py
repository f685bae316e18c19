"""Times: now(), relative_time(), strftime(), strptime(), and the spans of bin and streamstats.

Sources: Search Reference 10.0, "Date and Time functions" and "Time modifiers"; the zone is that of who runs
the search: here it is UTC throughout.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.values import numeric, text, whole

SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hr": 3600, "d": 86_400, "w": 604_800}
_STEP = re.compile(r"([+-])([0-9]*)([a-z]+)|@([a-z0-9]+)")
_FORMATS = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S"}


def span(written: str) -> int:
    """A span in seconds: "5m". No unit is seconds. Subseconds and months are refused."""
    found = re.fullmatch(r"([1-9][0-9]*)([a-z]*)", written)
    if found is None or (found[2] or "s") not in SECONDS:
        raise NotInGrammar(f"the span {written!r}")
    return int(found[1]) * SECONDS[found[2] or "s"]


def relative(at: float, specifier: str) -> int | float:
    """ "[+|-]<time_integer><time_unit>@<time_unit>", read left to right; snapping "rounds down"."""
    if specifier == "now":
        return whole(at)
    position, found = 0, whole(at)
    while position < len(specifier):
        step = _STEP.match(specifier, position)
        unit = step and (step[3] or step[4])
        if step is None or unit not in SECONDS or (step[4] and unit == "w"):
            raise NotInGrammar(f"the time {specifier!r}")
        position = step.end()
        if step[4]:
            found = math.floor(found / SECONDS[unit]) * SECONDS[unit]
        else:
            size = int(step[2] or 1) * SECONDS[unit]
            if isinstance(found, float):
                raise Undocumented("an offset from a fraction of a second: snap first")
            found += size if step[1] == "+" else -size
    return found


def _relative_time(_now: int, at: Any, specifier: Any) -> int | float | None:
    return None if at is None or specifier is None else relative(numeric(at), text(specifier))


def _strftime(_now: int, at: Any, form: Any) -> str | None:
    if at is None or form is None:
        return None
    moment = numeric(at)
    written = _expanded(text(form))
    if written == "%s":
        return str(math.floor(moment))
    milliseconds = f"{math.floor(moment * 1000 + 1e-6) % 1000:03d}"
    return datetime.fromtimestamp(math.floor(moment), UTC).strftime(re.sub("%3[NQ]", milliseconds, written))


def _strptime(_now: int, value: Any, form: Any) -> int | float | None:
    """ "takes a time represented by a string and parses the time into UNIX time"; else null."""
    if value is None or form is None:
        return None
    written = _expanded(text(form))
    if "%3" in written or "%d" not in written:
        raise Undocumented("strptime with subseconds or without a day")
    try:
        return int(datetime.strptime(text(value), written).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _expanded(form: str) -> str:
    for short, long in _FORMATS.items():
        form = form.replace(short, long)
    rest = re.sub("%(?:[YmdHMSs]|3[NQ])", "", form)
    if "%" in rest or ("%s" in form and form != "%s"):
        raise NotInGrammar(f"the time format {form!r}")
    return form


TIMES: Mapping[str, tuple[int, int, Callable[..., Any]]] = {
    # "the time that the search was started … UNIX time" in seconds
    "now": (0, 0, lambda now_ms: now_ms // 1000),
    "relative_time": (2, 2, _relative_time),
    "strftime": (2, 2, _strftime),
    "strptime": (2, 2, _strptime),
    "time": (0, 0, lambda now_ms: whole(now_ms / 1000)),
}
