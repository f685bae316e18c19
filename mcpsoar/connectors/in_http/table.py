"""One table of the settings as it is read: what it may say, and complaints at the line of the key."""

from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from typing import Any, TypeAlias, TypeVar

from mcpsoar.connectors.in_http import pointer, template
from mcpsoar.connectors.in_http.pointer import Pointer
from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Usage

Keys: TypeAlias = tuple[str | int, ...]
Place: TypeAlias = Callable[[Keys], str]  # file:line of what these keys lead to
T = TypeVar("T")


class Table:
    """`keys` lead to it from the table of the role; `places` may stand in its texts. All raises Usage."""

    def __init__(
        self,
        value: Any,
        keys: Keys,
        place: Place,
        known: Collection[str] | None = None,
        places: tuple[str, ...] = (),
    ) -> None:
        self.place = place
        self.keys = keys
        self.places = places
        if not isinstance(value, dict):
            raise self.bad(f"{self.name} is a table")
        self._value = value
        for key in value if known is not None else ():
            if key not in (known or ()):
                near = get_close_matches(key, sorted(known or ()), n=1)
                hint = (
                    f"the nearest is {near[0]!r}" if near else f"known are {', '.join(sorted(known or ()))}"
                )
                raise self.bad(f"{key!r} means nothing in {self.name}; {hint}", key)

    @property
    def name(self) -> str:
        return str(self.keys[-1]) if self.keys else "the role"

    def __contains__(self, key: str) -> bool:
        return key in self._value

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __getitem__(self, key: str) -> Any:
        return self._value[key]

    def bad(self, message: str, *keys: str | int) -> Usage:
        return Usage(message, where=self.place((*self.keys, *keys)))

    def inner(
        self, key: str, known: Collection[str] | None = None, places: tuple[str, ...] | None = None
    ) -> "Table":
        """A table in it, with the same places unless others are said."""
        own = self.places if places is None else places
        return Table(self._value[key], (*self.keys, key), self.place, known, own)

    def checked(self, key: str, read: Callable[[str], T]) -> T:
        """A text that has to be there, as `read` makes it; its ValueError becomes the complaint."""
        if key not in self._value:
            raise self.bad(f"{self.name} lacks {key}")
        value = self._value[key]
        if not isinstance(value, str):
            raise self.bad(f"{key} is a text", key)
        try:
            return read(value)
        except ValueError as error:
            raise self.bad(str(error), key) from None

    def pointer(self, key: str) -> Pointer:
        return self.checked(key, pointer.parse)

    def pointers(self, key: str) -> tuple[Pointer, ...]:
        """A list of them, which may be left out."""
        try:
            return tuple(pointer.parse(one) for one in self.texts(key))
        except ValueError as error:
            raise self.bad(str(error), key) from None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._value.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.bad(f"{key} is a list of texts", key)
        return tuple(value)

    def truth(self, key: str) -> bool:
        value = self._value.get(key, False)
        if not isinstance(value, bool):
            raise self.bad(f"{key} is true or false", key)
        return value

    def path(self, key: str) -> tuple[str, ...]:
        return self.checked(key, lambda text: template.path(text, self.places))

    def words(self, key: str) -> dict[str, str]:
        """A table of texts with places in them, which may be left out: {} then."""
        if key not in self._value:
            return {}
        inner = self.inner(key)
        for name in inner:
            inner.checked(name, lambda text: template.checked(text, self.places))
        return {name: inner[name] for name in inner}

    def json(self, key: str, *more: str) -> Json:
        """A value that JSON has, with places (and `more`) in its texts and in no key."""
        value = self._value[key]
        try:
            for text in template.texts(value):
                template.checked(text, (*self.places, *more))
            for name in _names(value):
                template.checked(name, ())
        except ValueError as error:
            raise self.bad(str(error), key) from None
        return value


def _names(value: Json) -> Iterator[str]:
    """Every key within a value. Raises ValueError for what JSON does not have."""
    if isinstance(value, dict):
        yield from value
    elif isinstance(value, float) and not -1e308 < value < 1e308:
        raise ValueError("JSON has no such number")
    elif not isinstance(value, str | bool | int | float | list):
        raise ValueError("write a time as a text: JSON has no other")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _names(inner)
