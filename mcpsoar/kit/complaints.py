"""Many complaints about content, told in one go: nobody likes to fix a file once per error."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from mcpsoar.core.errors import BadContent
from mcpsoar.kit.yamltext import Located


def together(complaints: Sequence[BadContent]) -> BadContent:
    """One error for one or more: the first keeps its place in front, the others follow with theirs."""
    first, *others = complaints
    if not others:
        return first
    message = "; also ".join([first.message, *(str(other) for other in others)])
    return BadContent(message, where=first.where, next_command=first.next_command)


def unknown(
    located: Located, value: Mapping[Any, Any], known: Collection[str], *at: str | int
) -> Iterator[BadContent]:
    """Each key of the map at `at` that is not known, with the nearest that is."""
    for key in (key for key in value if key not in known):
        near = get_close_matches(str(key), sorted(known), n=1)
        hint = f"; the nearest is {near[0]!r}" if near else ""
        yield located.bad(f"{key!r} means nothing here{hint}", *at, key)
