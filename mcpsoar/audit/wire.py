"""Strings as SSH has them on the wire: four bytes of length, then the bytes (RFC 4251 §5)."""


def string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


class Reader:
    """Takes one value after another from bytes of somebody else's. Raises ValueError where they end early."""

    def __init__(self, data: bytes) -> None:
        self._left = data

    @property
    def is_empty(self) -> bool:
        return not self._left

    def take(self, size: int) -> bytes:
        if size > len(self._left):
            raise ValueError("it ends early")
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.number())
