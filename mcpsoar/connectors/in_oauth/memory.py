"""What earlier runs of this home saw of tokens, as far as it still proves something."""

from mcpsoar.core.digest import Facts


class Memory:
    """Names of tokens. `active`: this very asker was told so; another may be told "inactive" of good ones.
    `revoked`: gone after a revocation by their own client, and such do not come back, whoever asks.
    `acknowledged`: it was asked for, which proves nothing.
    """

    def __init__(self, asker: str) -> None:
        self._asker = asker
        self.active: set[str] = set()
        self.revoked: set[str] = set()
        self.acknowledged: set[str] = set()

    def recall(self, looked: Facts, did: Facts, seen: Facts) -> None:
        """One step of a journal: the look before its change, what the change said, and the last read-back."""
        for facts, key in ((looked, "left_names"), (did, "seen_active")):
            if facts.get("asker") == self._asker:
                self.active |= _names(facts, key)
        acknowledged = _names(did, "acknowledged")
        self.acknowledged |= acknowledged
        self.revoked |= acknowledged & _names(seen, "gone_names")

    def proven(self, *, is_dim: bool) -> set[str]:
        """Inactive is proof of these. `is_dim`: a token that stays is called inactive, too."""
        return self.revoked if is_dim else self.active | self.revoked


def _names(facts: Facts, key: str) -> set[str]:
    said = facts.get(key)
    return {one for one in said if isinstance(one, str)} if isinstance(said, list) else set()
