"""A secret that can be sent and never printed."""

from dataclasses import dataclass, field
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Secret:
    """Holds one secret text. `reveal()` is called where a request header is built and nowhere else."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> NoReturn:
        # pickle and copy would write the text where nobody looks for it
        raise TypeError("a secret is not serialised")
