"""Schedules: what would run before anybody looked, miss events, count them twice, or all run at once."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from mcpsoar.siems.in_splunk import schedule
from mcpsoar.siems.in_splunk.conf import Setting
from mcpsoar.siems.in_splunk.lint_spl import calls
from mcpsoar.targets.spl.tuned import LAG

_PERIOD = re.compile(r"\d+(?:-59)?/?(\d*) \* \* \* \*")
_SINCE = re.compile(r'_indextime>=relative_time\(now\(\), "-(\d+)m@m"\)')
_MINUTES = re.compile(r"-(\d+)m@m")
_Told = Iterator[tuple[Setting, str]]


def of_file(settings: Sequence[Setting], macros: Mapping[str, str], enabled: Collection[str]) -> _Told:
    """Complaints about the searches of one savedsearches.conf."""
    stanzas: dict[str, dict[str, Setting]] = {}
    for one in settings:
        stanzas.setdefault(one.stanza, {})[one.key] = one
    for name, keys in stanzas.items():
        values = {key: one.value for key, one in keys.items()}
        for key, said in _of(name, values, macros, is_enabled=name in enabled):
            yield keys.get(key, next(iter(keys.values()))), said


def _of(
    name: str, values: Mapping[str, str], macros: Mapping[str, str], *, is_enabled: bool
) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if key.startswith("dispatch.") and value.startswith("rt"):
            yield key, f"{key} = {value}: a search in real time takes a core for ever"
    yield from _of_throttling(values)
    yield from _of_window(values, macros)
    if values.get("enableSched") != "1":
        return
    if values.get("disabled") != "1" and not is_enabled:
        yield "disabled", "runs as soon as it is installed"
    yield from _of_times(name, values)


def _of_throttling(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if values.get("alert.suppress") != "1":
        return
    for key in ("alert.suppress.fields", "alert.suppress.period"):
        if not values.get(key):
            yield key, f"throttles without {key}"
    for field in filter(None, values.get("alert.suppress.fields", "").split(",")):
        if not re.search(rf"\b{re.escape(field)}\b", values.get("search", "")):
            yield "alert.suppress.fields", f"throttles by {field}, which its search does not name"


def _of_window(values: Mapping[str, str], macros: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if "dispatch.index_earliest" in values:  # it asks what came late, whatever its time
        return
    for window in _windows(values)[:1]:
        needed = sum(int(macros.get(one, "0")) for one in (window, LAG))
        if _minutes(values.get("dispatch.earliest_time", "")) < needed:
            yield "dispatch.earliest_time", f"the range is shorter than window and lag, {needed} minutes"


def _of_times(name: str, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    cron = values.get("cron_schedule", "")
    period = _period(cron)
    if period is None or cron != schedule.cron(name, period):
        yield "cron_schedule", f"cron_schedule = {cron}: not its own minute"
    if _windows(values):
        return
    if values.get("realtime_schedule") != "0":
        yield "realtime_schedule", "runs that were missed are not made up"
    if since := _SINCE.search(values.get("search", "")):
        if period is not None and int(since[1]) <= period:
            yield "search", "runs leave a gap between them"
        return
    first, last = (_minutes(values.get(f"dispatch.index_{end}", "")) for end in ("earliest", "latest"))
    if period is not None and first - last != period:
        yield "dispatch.index_earliest", "runs leave a gap between them, or overlap"


def _windows(values: Mapping[str, str]) -> list[str]:
    """The macros of a gate's window; none is called by what goes by index time."""
    return [name for name, _ in calls(values.get("search", "")) if name.endswith("_window")]


def _period(cron: str) -> int | None:
    if cron == "* * * * *":
        return 1
    found = _PERIOD.fullmatch(cron)
    return int(found[1] or 60) if found else None


def _minutes(bound: str) -> int:
    found = _MINUTES.fullmatch(bound)
    return int(found[1]) if found else 0
