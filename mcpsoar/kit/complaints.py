"""Many complaints about content, told in one go: nobody likes to fix a file once per error."""

from collections.abc import Sequence

from mcpsoar.core.errors import BadContent


def together(complaints: Sequence[BadContent]) -> BadContent:
    """One error for one or more: the first keeps its place in front, the others follow with theirs."""
    first, *others = complaints
    if not others:
        return first
    message = "; also ".join([first.message, *(str(other) for other in others)])
    return BadContent(message, where=first.where, next_command=first.next_command)
