"""A secret that can be sent and never printed."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Secret:
    """Holds one secret text. `reveal()` is called where a request header is built and nowhere else.

    `_source` gives it anew, from the file or command that it came from.
    """

    _text: str = field(repr=False)
    _source: "Callable[[], Secret] | None" = field(default=None, repr=False, compare=False)

    def reveal(self) -> str:
        return self._text

    def again(self) -> "Secret":
        """As it is there now. Raises Usage where it is not there any more."""
        return self._source() if self._source is not None else self

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> NoReturn:
        # pickle and copy would write the text where nobody looks for it
        raise TypeError("a secret is not serialised")
