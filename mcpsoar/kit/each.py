"""One call for each of several: one that is refused saves no other, and half is never told as nothing."""

from collections.abc import Callable, Sequence

from mcpsoar.core.errors import Conflict, Denied, Indeterminate, Malformed, Trouble, Unreachable

_REFUSED = 3  # refusals and nothing else, one after the other, are about us and not about an item


def each(names: Sequence[str], send: Callable[[str], object], *, where: str) -> None:
    """Send for each of them, in order, until the other side is gone or busy.

    Raises the last trouble where nothing was done; where something was or may have been, Indeterminate: the
    caller looks, and goes on with the rest.
    """
    sent = 0
    troubles: list[Trouble] = []
    for name in names:
        try:
            send(name)
            sent += 1
        except (Denied, Conflict, Malformed) as trouble:
            troubles.append(trouble)
            if len(troubles) >= _REFUSED and not sent:
                break
        except (Unreachable, Indeterminate) as trouble:
            troubles.append(trouble)
            break
    is_unsure = len(troubles) > 1 and any(isinstance(one, Malformed | Indeterminate) for one in troubles)
    if troubles and (sent or is_unsure):
        words = f"{sent} of {len(names)} were acknowledged, then: {troubles[-1].message}"
        raise Indeterminate(words, where=where)
    if troubles:
        raise troubles[-1]
