"""Events as Elasticsearch would hold them, by the mapping that is shipped, and in normal form by the EVALs.

What JSON tells apart and a stored field does not is settled in `stored`, in plain Python by the contract's
section 6: a value of another kind is left out, an empty list is named in `mcp.empty_lists`.
"""

import ipaddress
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from mcpsoar.core.event import Column, Kind
from mcpsoar.pack import schema
from mcpsoar.targets.es import fields, paths
from tests.languages.esql import Field, Index, run
from tests.laws import contract_reading as contract

# MCPSOAR_EXAMPLES sets the number of random examples of a law
EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "40"))
ROOT = Path(__file__).resolve().parents[3]
NOW = 1_780_000_000_000
STREAM = "logs-mcp.audit-default"
_TOGETHER = 500  # rows of one query: without a LIMIT 1000 are kept
Document = Mapping[str, Any]


@cache
def columns() -> tuple[Column, ...]:
    return tuple(schema.load(ROOT))


def mapping(of: Sequence[Column]) -> dict[str, Field]:
    """The fields of the component template, without those whose type the oracle does not read."""
    properties = fields.template(of)["template"]["mappings"]["properties"]
    return {
        path: Field(kind["type"], kind.get("normalizer"), kind.get("ignore_above"))
        for path, kind in _flat(properties)
        if kind["type"] != "match_only_text"
    }


def stored(event: Document, number: int, of: Sequence[Column]) -> dict[str, Any]:
    """One raw event as a document, by its number; times are milliseconds."""
    document: dict[str, Any] = {"_id": f"{number:06d}"}
    empty = []
    for column in of:
        value = _typed(event.get(column.name), column)
        if value == []:
            empty.append(column.name)
        elif value is not None:
            document[paths.of(column.name)] = value
    if empty:
        document[paths.EMPTY_LISTS] = empty
    address = document.get("mcp.src_ip")
    if address is not None and _is_address(address):
        document[paths.ADDRESS] = address
    return document


def normal(documents: Sequence[Document], of: Sequence[Column]) -> list[Document]:
    """The documents after the EVALs of every column."""
    made: list[Document] = []
    kept = [paths.of(column.name) for column in of]
    evals = fields.evals(of, [column.name for column in of])
    keep = ", ".join(map(paths.quoted, [*kept, paths.EMPTY_LISTS, paths.ADDRESS]))
    query = f"FROM {STREAM} METADATA _id | EVAL {', '.join(evals)} | KEEP _id, {keep} | SORT _id"
    for start in range(0, len(documents), _TOGETHER):
        index = Index(mapping(of), documents[start : start + _TOGETHER])
        made += [
            {key: value for key, value in row.items() if value is not None}
            for row in run(query, {STREAM: index}, now_ms=NOW)
        ]
    return made


def held(events: Sequence[Document], of: Sequence[Column]) -> dict[str, Index]:
    """The data stream with these raw events in normal form, `_id` telling their places."""
    documents = [stored(event, number, of) for number, event in enumerate(events)]
    return {STREAM: Index(mapping(of), normal(documents, of))}


def places(query: str, indices: Mapping[str, Index]) -> tuple[int, ...]:
    """The places of the events that a query of rows finds."""
    index = indices[STREAM]
    found: list[int] = []
    for start in range(0, len(index.documents), _TOGETHER):
        some = Index(index.fields, index.documents[start : start + _TOGETHER])
        found += [int(row["_id"]) for row in run(query, {**indices, STREAM: some}, now_ms=NOW)]
    return tuple(sorted(found))


def _flat(properties: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, kind in properties.items():
        if "properties" in kind:
            yield from _flat(kind["properties"], f"{above}{name}.")
        else:
            yield f"{above}{name}", kind


def _typed(value: Any, column: Column) -> Any:
    if value is None:
        return None
    match column.kind:
        case Kind.TEXT | Kind.ENUM:
            return value if isinstance(value, str) else None
        case Kind.BOOL:
            known = {"true": True, "1": True, "false": False, "0": False}
            return None if isinstance(value, float) else known.get(str(value).lower())
        case Kind.TEXTS:
            is_one = isinstance(value, list) and all(isinstance(one, str) for one in value)
            return value if is_one else None
        case Kind.TIME:
            try:
                return contract.moment(value)
            except contract.NoEventError:
                return None
        case Kind.INTEGER | Kind.NUMBER:
            name = "chain_depth" if column.kind is Kind.INTEGER else "latency_ms"
            try:
                number = contract.field_value(name, value)
            except ValueError:
                return None
            return int(number) if number is not None and column.kind is Kind.INTEGER else number


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
