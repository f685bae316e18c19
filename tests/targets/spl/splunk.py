"""An event on its way into Splunk, as far as its pages say: JSON extracted, fields calculated.

Extraction (KV_MODE = json in props.conf does what spath without a path does): a key is a field, an object's
keys follow its own after a period, the elements of a list are the values of `name{}` (Search Reference 10.0,
spath, "location path"); values are text. What a null becomes is told in two ways, no field or "null", and so
is an empty text: `Extraction` takes either. Calculated fields come after extraction, run as if in parallel
(props.conf.spec, EVAL-), and take the place of an extracted field even where they are null (Knowledge Manager
Manual, "About calculated fields").
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from mcpsoar.core.event import Column
from mcpsoar.kit.mapping import FieldMapping
from mcpsoar.pack import schema
from mcpsoar.targets.spl import fields
from tests.languages.spl import extraction
from tests.languages.spl.evaluate import Scope, evaluate
from tests.languages.spl.expression import parse
from tests.languages.spl.nodes import Node
from tests.languages.spl.results import stored

ROOT = Path(__file__).resolve().parents[3]
COLUMNS = schema.load(ROOT)
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Extraction:
    """The two ways in which nulls and empty texts are told to come out."""

    null: str | None
    empty: str | None

    def fields(self, line: str) -> Fields:
        """The fields of one line of JSON, `_raw` among them; {} where the line is no object."""
        return extraction.fields(line, null=self.null, empty=self.empty) | {"_raw": line}


EXTRACTIONS = (Extraction(None, ""), Extraction("null", None))


class Calculated:
    """The calculated fields, read once; a field that nobody asks for is not calculated."""

    def __init__(self, columns: Sequence[Column], sources: FieldMapping | None = None) -> None:
        self.written = fields.calculated(columns, sources=sources)

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        return {name: parse(written) for name, written in self.written.items()}

    def over(self, row: Fields, wanted: frozenset[str] | None = None) -> Fields:
        """The event as a search finds it; what is not wanted is left out, not left as it was extracted."""
        found = {name: one for name, one in row.items() if name not in self.nodes}
        for name, node in self.nodes.items():
            if wanted is None or name in wanted:
                stored(found, name, evaluate(node, Scope(row, 0)))
        return {name: str(one) if isinstance(one, int | float) else one for name, one in found.items()}


@cache
def calculated(columns: tuple[Column, ...] = COLUMNS) -> Calculated:
    return Calculated(columns)


def event(
    facts: Mapping[str, Any],
    *,
    at_ms: int = 0,
    received_ms: int = 0,
    extraction: Extraction = EXTRACTIONS[0],
    columns: tuple[Column, ...] = COLUMNS,
    wanted: frozenset[str] | None = None,
) -> Fields:
    """One event as a search finds it."""
    found = calculated(columns).over(extraction.fields(json.dumps(facts)), wanted)
    return found | {"_time": at_ms / 1000, "_indextime": received_ms / 1000}
