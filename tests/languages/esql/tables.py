"""What a query runs over: indices with typed fields, and the table that passes from command to command."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.languages.esql.errors import Refused, Undocumented
from tests.languages.esql.moments import from_text

# None is null, a tuple two values or more; dates are milliseconds since 1970, addresses 16 bytes
Value = Any
Row = Mapping[str, Value]
_LONGEST_TERM = 32_766  # bytes; page "ignore_above": longer terms are rejected with the whole document


@dataclass(frozen=True, slots=True)
class Field:
    """A mapped field. A `keyword` may have `normalizer="lowercase"` and `ignore_above` (characters)."""

    kind: Literal["keyword", "boolean", "integer", "long", "double", "date", "ip", "flattened"]
    normalizer: Literal["lowercase"] | None = None
    ignore_above: int | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """Documents as JSON gives them, with `_id`, `_version` and perhaps `_index` beside the fields.

    Names of fields are full paths (`user.name`); documents may nest. `lookup` is the index mode.
    """

    fields: Mapping[str, Field]
    documents: Sequence[Mapping[str, Any]]
    lookup: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of a column before any row.

    `ordered`: whether the order of several values is documented. `normal`: a field read through the lowercase
    normalizer. `constant`: the same for every row.
    """

    kind: str
    ordered: bool = True
    normal: bool = False
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`ranks` runs beside `rows`: equal ranks mean that the product leaves their order open."""

    columns: Mapping[str, Column]
    rows: Sequence[Row]
    ranks: Sequence[int]
    unbounded_sort: bool = False


def unordered(columns: Mapping[str, Column], rows: Sequence[Row]) -> Table:
    """A table whose rows may come in any order."""
    return Table(columns, rows, [0] * len(rows))


def columns_of(index: Index) -> dict[str, Column]:
    """Page "Multivalued fields": the order of stored values is undefined."""
    return {
        name: Column(
            "unsupported" if field.kind == "flattened" else field.kind,
            ordered=False,
            normal=field.normalizer is not None,
        )
        for name, field in sorted(index.fields.items())
    }


def rows_of(index: Index) -> Iterator[dict[str, Value]]:
    """Every document's values by field; a document holds what the mapping does not know without harm."""
    for document in index.documents:
        flat = dict(_flat(document, index.fields))
        yield {name: _stored(flat.get(name), name, field) for name, field in index.fields.items()}


def lowered(text: str) -> str:
    """The lowercase token filter, one code point at a time; no page on İ, the one that becomes two."""
    if "İ" in text:
        raise Undocumented(f"{text!r} in lower case")
    return "".join(map(str.lower, text))


def _flat(
    document: Mapping[str, Any], fields: Mapping[str, Field], path: str = ""
) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        full = f"{path}{name}"
        if isinstance(value, Mapping) and full not in fields:
            yield from _flat(value, fields, f"{full}.")
        else:
            yield full, value


def _stored(given: Any, name: str, field: Field) -> Value:
    """Page "Multivalued fields": null in a list is dropped, an empty list is null, keywords lose repeats."""
    if field.kind == "flattened":
        return None
    values = [
        _one(one, name, field) for one in (given if isinstance(given, list) else [given]) if one is not None
    ]
    values = [one for one in values if one is not None]
    if field.kind == "ip" and len(set(values)) < len(values):
        raise Undocumented(f"repeats in {name}: the page says keyword loses them and long does not")
    if field.kind == "keyword":
        values = list(dict.fromkeys(values))
    if not values:
        return None
    return tuple(sorted(values)) if len(values) > 1 else values[0]


def _one(given: Any, name: str, field: Field) -> Value:
    """One value; what a mapping coerces (numbers written as text, say) is not read here."""
    match field.kind:
        case "keyword" if isinstance(given, str):
            return _keyword(given, name, field)
        case "boolean" if isinstance(given, bool):
            return given
        case "integer" | "long" if isinstance(given, int) and not isinstance(given, bool):
            bits = 31 if field.kind == "integer" else 63
            if -(2**bits) <= given < 2**bits:
                return given
            raise Refused(f"{given} is out of range for {name}")
        case "double" if isinstance(given, int | float) and not isinstance(given, bool):
            return float(given)
        case "date" if isinstance(given, int) and not isinstance(given, bool):
            return given
        case "date" if isinstance(given, str):
            return from_text(given)
        case "ip" if isinstance(given, str):
            return packed(given)
    raise Undocumented(f"{given!r} in {name}, a field of type {field.kind}")


def _keyword(text: str, name: str, field: Field) -> str | None:
    if field.ignore_above is not None and len(text) > field.ignore_above:
        raise Undocumented(f"what a query sees of a text beyond ignore_above in {name}")
    if len(text.encode()) > _LONGEST_TERM:
        raise Refused(f"a text of more than {_LONGEST_TERM} bytes in {name}: the document is rejected")
    return lowered(text) if field.normalizer else text


def packed(text: str) -> bytes:
    """16 bytes, as they are compared (ip.csv-spec: ::1 is less than 127.0.0.1)."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Refused(f"{text!r} is no IP address") from None
    return bytes(10) + b"\xff\xff" + address.packed if address.version == 4 else address.packed


def shown_address(address: bytes) -> str:
    """As the product prints it."""
    if address.startswith(bytes(10) + b"\xff\xff"):
        return str(ipaddress.IPv4Address(address[12:]))
    return str(ipaddress.IPv6Address(address))
