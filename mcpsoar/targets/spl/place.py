"""One path of an event in SPL: what stands there, and what JSON says of its type.

Field extraction drops types: 5, "5" and a null that became "null" look alike, and `a.b` may be one key or
two. The event itself still tells: `json_extract` of two paths gives a JSON array of what they lead to, in
which a text has its quotes, and `json_extract_exact` takes a key as it is, points and all (Search Reference
10.0, "JSON functions"; both since 8.1). So no other key, wherever it stands, can pass for the one asked for.

Numbers and booleans are read from the extracted field all the same: there they are as they were written.
"""

import re
from functools import cached_property

from mcpsoar.kit import stored
from mcpsoar.kit.mapping import spellings
from mcpsoar.targets.spl.text import Said, both, either, field, literal

BLANKS = literal("".join(map(chr, stored.BLANKS)))
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")  # keys that json_extract takes in a path, beyond doubt
STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_FIRST = r"^\[\s*"
_TEXT, _OTHER, _OBJECT, _LIST = '"', r'[^n"\]\s]', r"\{", r"\["
_EMPTY, _TEXTS = r"\[\s*\]", rf"\[\s*(?:{STRING}[\s,]*)+\]"
_MANY = (
    100  # elements; a longer list is not looked through: patterns have a limit, and beyond it find nothing
)


class Place:
    """A path in each of its spellings; found in two of them, nothing is there that has a meaning."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._keys = spellings(path)

    @cached_property
    def there(self) -> Said:
        """Something is there, whatever it is."""
        if self._is_sure:
            return Said(f"isnotnull({_there(self._keys[0])})")
        return Said(f"{self._count}>0")

    @property
    def missing(self) -> Said:
        """Nothing is there."""
        return Said(f"isnull({_there(self._keys[0])})" if self._is_sure else f"{self._count}=0")

    @cached_property
    def text(self) -> str:
        """A text that is not blank, else null."""
        return self._alone(*map(_text, self._keys))

    def joined(self, at: str) -> str:
        """That text, or the elements of a list of texts with `at` between them, else null."""
        elements = f"if({self._is_list.text}, mvjoin({self.elements}, {literal(at)}), null())"
        return self._alone(elements, *map(_text, self._keys))

    @cached_property
    def scalar(self) -> str:
        """A text, a number or a boolean, as it is written."""
        here = field(self._path)
        if self._is_sure:
            return here
        filled = f'mvfilter(trim({here}, {BLANKS})!="" AND {here}!="null")'
        return f"if({self._count}=1, {filled}, null())"

    @property
    def elements(self) -> str:
        """What the extraction calls the elements of a list."""
        return field(f"{self._path}{{}}")

    @cached_property
    def listed(self) -> Said:
        """A list of nothing but texts, also where it is empty."""
        return both(self._once, self._is_list)

    @property
    def emptied(self) -> Said:
        """An empty list."""
        return both(self._once, self._begins(_EMPTY))

    @property
    def _is_list(self) -> Said:
        count = f"coalesce(mvcount({self.elements}), 0)"
        is_long = both(Said(f"{count}>{_MANY}"), self._begins(_LIST))
        return either(is_long, self._begins(f"(?:{_EMPTY}|{_TEXTS})"))

    def _alone(self, *parts: str) -> str:
        """The first that is not null, where nothing else is there."""
        found = parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"
        return found if self._is_sure else f"if({self._count}=1, {found}, null())"

    @property
    def _is_sure(self) -> bool:
        return len(self._keys) == 1

    @property
    def _once(self) -> Said:
        return both() if self._is_sure else Said(f"{self._count}=1")

    @cached_property
    def _count(self) -> str:
        return f"coalesce(mvcount(mvappend({', '.join(map(_there, self._keys))})), 0)"

    def _begins(self, pattern: str) -> Said:
        return either(*(Said(_begins(keys, pattern, f'coalesce({_array(keys)}, "")')) for keys in self._keys))


def _there(keys: tuple[str, ...]) -> str:
    """Null where nothing is, or a blank text."""
    filled = f'if(trim({_value(keys)}, {BLANKS})!="", 1, null())'
    return f"case({_begins(keys, _TEXT)}, {filled}, {_begins(keys, _OTHER)}, 1)"


def _text(keys: tuple[str, ...]) -> str:
    value = _value(keys)
    return f'case({_begins(keys, _TEXT)}, if(trim({value}, {BLANKS})!="", {value}, null()))'


def _begins(keys: tuple[str, ...], pattern: str, array: str = "") -> str:
    return f"match({array or _array(keys)}, {literal(_FIRST + pattern)})"


def _array(keys: tuple[str, ...]) -> str:
    """A JSON array of the value and the value."""
    return _extracted(keys, 2)


def _value(keys: tuple[str, ...]) -> str:
    return _extracted(keys, 1)


def _extracted(keys: tuple[str, ...], times: int) -> str:
    *above, own = keys
    if not above:
        return _call("json_extract_exact", "_raw", own, times)
    if all(map(_PLAIN.fullmatch, keys)):
        return _call("json_extract", "_raw", ".".join(keys), times)
    outer = tuple(above)  # a text that holds JSON is no object
    return f"if({_begins(outer, _OBJECT)}, {_call('json_extract_exact', _value(outer), own, times)}, null())"


def _call(function: str, source: str, key: str, times: int) -> str:
    return f"{function}({', '.join([source, *[literal(key)] * times])})"
