"""What a step touches, in one line for people; what is not known is said, and is never a 0."""

from collections.abc import Callable, Iterator

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.run import StepReport
from mcpsoar.core.verdict import StepVerdict

Show = Callable[[str], str]

_SHOWN = 5
_ORDER = ("tokens", "kinds", "principals", "tools", "may_write", "servers", "calls_last_day", "owner")


def touching(step: StepReport, show: Show) -> str:
    """Said after a step: touches 3 tokens (2 opaque, 1 refresh); 1 principal: agent-a; tools unknown.

    `show` makes a stranger's text harmless. Empty where nobody asked, or nothing was to be done.
    """
    if step.verdict is StepVerdict.SKIPPED or not step.affects:
        return ""
    known = {name: value for name, value in step.affects.items() if value is not None}
    names = sorted(step.affects, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    unknown = [_noun(name, step) for name in names if name not in known]
    parts = [*_parts(known, step, show), *([f"{_and(unknown)} unknown"] if unknown else [])]
    return f"touches {'; '.join(parts)}"


def _parts(known: Facts, step: StepReport, show: Show) -> Iterator[str]:
    if "tokens" in known:
        kinds = f" ({_kinds(known['kinds'], show)})" if known.get("kinds") else ""
        yield _many(known["tokens"], "token", show) + kinds
    if "principals" in known:
        yield _many(known["principals"], "principal", show)
    if "tools" in known:
        yield _many(known["tools"], "tool", show)
    if "may_write" in known:
        yield f"of these may write: {_listed(known['may_write'], show) or 'none'}"
    if "servers" in known:
        yield _many(known["servers"], _noun("servers", step).removesuffix("s"), show)
    if "calls_last_day" in known:
        yield f"{_many(known['calls_last_day'], 'call', show)} in the last day"
    for name in ("owner", "environment"):
        if name in known:
            yield f"{name} {show(str(known[name]))}"


def _noun(name: str, step: StepReport) -> str:
    if name == "servers":
        return "virtual servers" if step.action.startswith("registry.") else "servers"
    return "calls in the last day" if name == "calls_last_day" else name.replace("_", " ")


def _many(value: Json, noun: str, show: Show) -> str:
    """3 tools: a, b, c; or what is no count and no list, as it is."""
    if isinstance(value, list):
        names = _listed(value, show)
        return f"{_counted(len(value), noun)}{f': {names}' if names else ''}"
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return _counted(value, noun) if is_count else f"{noun}s {show(str(value))}"


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _listed(value: Json, show: Show) -> str:
    if not isinstance(value, list):
        return show(str(value))
    more = f" and {len(value) - _SHOWN} more" if len(value) > _SHOWN else ""
    return ", ".join(show(str(one)) for one in value[:_SHOWN]) + more


def _kinds(value: Json, show: Show) -> str:
    counts = value.items() if isinstance(value, dict) else ()
    names = [f"{number:d} {show(str(kind))}" for kind, number in counts if isinstance(number, int)]
    return _listed(names, str)


def _and(nouns: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(nouns[:-1]), nouns[-1])))
