"""One call for each of several: one that is refused saves no other, and half is never told as nothing."""

from collections.abc import Callable, Sequence

from mcpsoar.core.errors import Conflict, Denied, Indeterminate, Malformed, Trouble, Unreachable
from mcpsoar.kit import telling
from mcpsoar.kit.status import Failed, Unknown

_UNKNOWN = 3  # who is not known (401), time after time, asks for nobody's sake
_SILENT = 2  # silences, one after the other, are about the other side and not about an item


def each(names: Sequence[str], send: Callable[[str], object], *, where: str, late: set[str]) -> None:
    """Send for each of them, in order, until the other side is gone or busy.

    Who is in trouble goes into `late`, and comes last the next time: no item is before the others twice.
    Raises the last trouble where nothing was done; where something was or may have been, Indeterminate: the
    caller looks, and goes on with the rest.
    """
    sent = unknown = silent = 0
    troubles: list[Trouble] = []
    for at, name in enumerate(sorted(names, key=lambda one: one in late)):
        telling.got_to(at, len(names))
        try:
            send(name)
        except (Denied, Conflict, Malformed, Unreachable, Indeterminate) as trouble:
            troubles.append(trouble)
            late.add(name)
            unknown += isinstance(trouble, Unknown)
            is_silent = isinstance(trouble, Indeterminate) and not isinstance(trouble, Failed)
            silent = silent + 1 if is_silent else 0
            is_ours = unknown >= _UNKNOWN and not sent
            if isinstance(trouble, Unreachable) or silent >= _SILENT or is_ours:
                break
        else:
            sent += 1
            silent = 0
            late.discard(name)
    is_unsure = len(troubles) > 1 and any(isinstance(one, Malformed | Indeterminate) for one in troubles)
    if troubles and (sent or is_unsure):
        words = f"{sent} of {len(names)} were acknowledged, then: {troubles[-1].message}"
        raise Indeterminate(words, where=where)
    if troubles:
        raise troubles[-1]
