"""What a step touches, as facts: `core.ports.Connector.affects` has the words for each."""

from collections.abc import Iterable

from mcpsoar.core.digest import Facts, Json

_ASKED = {
    "registry": ("tools", "servers", "calls_last_day", "owner"),
    "tokens": ("tokens", "kinds", "principals"),
    "policy": ("tools", "servers"),
}
_NAMED = 100  # kept in a journal; a longer list is counted, not copied
_LONG = 200  # a name is a stranger's to write


def touched(role: str, **known: Json) -> Facts:
    """What is asked of a step in this role: what is not known of it is None."""
    cut = {name: value[:_LONG] if isinstance(value, str) else value for name, value in known.items()}
    return {**dict.fromkeys(_ASKED.get(role, ())), **cut}


def named(names: Iterable[str]) -> list[str] | int:
    """Each name once, in order, or how many there are."""
    found = sorted(set(names))
    return len(found) if len(found) > _NAMED else [name[:_LONG] for name in found]


def counted(kinds: Iterable[str]) -> dict[str, int]:
    """How many of each kind; kinds beyond measure are one."""
    counts: dict[str, int] = {}
    for kind in kinds:
        name = kind[:_LONG] if kind[:_LONG] in counts or len(counts) < _NAMED else "other"
        counts[name] = counts.get(name, 0) + 1
    return counts
