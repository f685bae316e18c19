"""What became of one round of revocations, token by token."""

from mcpsoar.core.errors import Conflict, Denied, Indeterminate, Malformed, Trouble, Unreachable


class Sent:
    """Names of tokens, and the troubles in the order they came."""

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self.unsupported: list[str] = []
        self.unasked: list[str] = []  # inactive, and their client is stopped
        self.stopped: set[str] = set()  # clients
        self.refused: list[str] = []
        self.troubles: list[Trouble] = []

    def check(self, where: str) -> None:
        """Raises the trouble that says most about what has to be looked at; Conflict for mere refusals."""
        is_mixed = bool(self.acknowledged or self.refused or self.unsupported or self.unasked)
        for kind in (Indeterminate, Malformed, Unreachable, Conflict, Denied):
            for trouble in (one for one in self.troubles if isinstance(one, kind)):
                if is_mixed and kind is Unreachable:
                    raise Indeterminate(f"after other tokens: {trouble.message}", where=trouble.where)
                if is_mixed and kind is Denied:
                    raise Conflict(f"after other tokens: {trouble.message}", where=trouble.where)
                raise trouble
        if self.refused:
            raise Conflict(
                f"{len(self.refused)} revocations were refused or could not be asked for,"
                f" {len(self.acknowledged)} acknowledged",
                where=where,
            )
