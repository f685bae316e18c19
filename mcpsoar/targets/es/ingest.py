"""The ingest pipeline: from a raw event to the document in normal form that the template describes.

It takes an event as Elastic Agent and Filebeat ship it, one JSON object in `message`, or with its fields at
the top; where both are there the fields count, because a text may have been written by anybody. What is no
column goes: the line as it came is in `event.original`, in no index. An event that the contract rejects
(section 6) stays with `event.kind: pipeline_error` and `error.message`, and none of the fields of rules.

A text longer than a term is cut, not left out: then it would read as absent, and absence means something.
`mcp.truncated` names such columns, and `arguments` where a text in them was cut, or where they are left out
because a field of type flattened does not take them.

`event.ingested` is the time of this pipeline, whatever an event says of ingest_time: rules look by it for
what came in late. What a scan and a parser of the engine read differently is settled before; but 1e3 is
1000.0, and OpenSearch rejects an event with a whole number of more than 64 bits.

For Elasticsearch from 9.2 on; without regular expressions, which clusters may forbid in scripts.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlglot

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.kit import stored
from mcpsoar.targets.es import OLDEST, fields, paths
from mcpsoar.targets.es.painless import Printer, quoted

FIRST_MS = 946_684_800_000  # 2000-01-01
SKEW_MS = 600_000
# page "Flattened field type", depth_limit: more is an error; lists are counted here too
FLATTENED_LEVELS = 20
DEEPEST = 64  # levels, as a scan takes them
MOST_BYTES = 65_535  # of a script: setting script.max_size_in_bytes
ARGUMENTS = "arguments"
# what shippers say of themselves, and no rule reads
KEPT = ("agent", "cloud", "container", "data_stream", "ecs", "host", "input", "log", "orchestrator", "tags")
# the engine's own (page "Access metadata fields"); whatever else starts so, an event brought along
_METADATA = (
    *("_index", "_id", "_routing", "_version", "_version_type", "_if_seq_no", "_if_primary_term"),
    "_dynamic_templates",
)
_OWN = _NOW, _WHY, _EVENT = "mcpsoar_now", "mcpsoar_why", "mcpsoar_event"


def pipeline(
    columns: Sequence[Column],
    sources: Mapping[str, str] | None = None,
    *,
    kept: Sequence[str] = (),
    before: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The body of `PUT _ingest/pipeline/…`.

    `sources` tells where an event has a column (or `arguments`) if not under its own name: a path with dots.
    `kept` stays as it is: top fields that are neither columns nor read by rules, such as a customer's name.
    `before` are processors between the reading of an event and its normal form. Raises Unsupported for a
    derived column that Painless cannot say.
    """
    places = dict(sources or {})
    params = _params(columns, places, staying(kept))
    return {
        "description": f"MCP audit events in normal form, for Elasticsearch {OLDEST} and later",
        "processors": [
            {"remove": {"field": list(_OWN), "ignore_missing": True}},
            _set(_NOW, "_ingest.timestamp"),
            {
                "script": {
                    "source": script("guard"),
                    "params": {"deepest": DEEPEST},
                    "if": "ctx.message instanceof String",
                }
            },
            {
                "json": {
                    "field": "message",
                    "target_field": _EVENT,
                    "if": f"ctx.message instanceof String && ctx.{_WHY} == null",
                    "on_failure": [_set(_WHY, "_ingest.on_failure_message")],
                }
            },
            *before,
            {"script": {"source": _script(columns), "params": params}},
            {
                "convert": {
                    "field": paths.of("src_ip"),
                    "target_field": paths.ADDRESS,
                    "type": "ip",
                    "ignore_missing": True,
                    "ignore_failure": True,
                }
            },
        ],
        "on_failure": [
            {"remove": {"field": _EVENT, "ignore_missing": True}},
            _set(_NOW, "_ingest.timestamp"),
            _set(_WHY, "_ingest.on_failure_message"),
            {"script": {"source": script("rejected") + _REJECTED, "params": {"kept": staying(kept)}}},
        ],
    }


def staying(kept: Sequence[str] = ()) -> list[str]:
    """The top fields that stay: the engine's own, a shipper's, and these."""
    return [*_METADATA, *KEPT, *(name for name in kept if name not in KEPT)]


_REJECTED = (
    f"reject(ctx, ctx.{_WHY}, ctx.{_NOW}, params.kept, ctx.message != null ? ctx.message : ctx.toString());"
)


def _set(field: str, template: str) -> dict[str, Any]:
    # {"copy_from": …} is newer than OpenSearch's fork
    return {"set": {"field": field, "value": f"{{{{{{{template}}}}}}}"}}


def _script(columns: Sequence[Column]) -> str:
    derived = "\n".join(_derived(columns))
    parts = ("rejected", "values", "shape", "three_values", "normal_form")
    source = "\n".join(map(script, parts)).replace("@derived@", derived)
    if len(source.encode()) > MOST_BYTES:
        raise Unsupported("the derived columns make a script of more than 64 KiB: Elasticsearch takes none")
    return source


def _derived(columns: Sequence[Column]) -> list[str]:
    printer, made = Printer(columns), list[str]()
    for column in columns:
        if column.derived:
            tree = sqlglot.parse_one(column.derived, dialect="duckdb")
            worse = "null" if column.worse is None else str(column.worse).lower()
            try:
                value = printer.value(tree)
            except Unsupported as why:
                raise Unsupported(f"{column.name}: {why}", where=column.where) from None
            made.append(f"derive(own, made, {quoted(column.name)}, {value}, {worse});")
    return made


def _params(columns: Sequence[Column], places: Mapping[str, str], stays: Sequence[str]) -> dict[str, Any]:
    # the two that every document has are set apart
    asked = [column for column in columns if paths.of(column.name) not in (paths.TIME, paths.RECEIVED)]
    return {
        "time": places.get("event_time", "event_time"),
        "earliest": FIRST_MS,
        "skew": SKEW_MS,
        "blanks": list(stored.BLANKS),
        "deepest": DEEPEST,
        "longest": fields.LONGEST,
        "kept": list(stays),
        "empty_lists": paths.EMPTY_LISTS,
        "truncated": paths.TRUNCATED,
        "arguments": {
            "from": places.get(ARGUMENTS, ARGUMENTS),
            "path": paths.ARGUMENTS,
            "deepest": FLATTENED_LEVELS,
        },
        "columns": [_column(column, places.get(column.name, column.name)) for column in asked],
    }


def _column(column: Column, source: str) -> dict[str, Any]:
    told = {"name": column.name, "kind": column.kind.value, "from": source, "path": paths.of(column.name)}
    return told | ({"values": list(column.values)} if column.kind is Kind.ENUM else {})


def script(name: str) -> str:
    """The text of one of the scripts."""
    return (Path(__file__).parent / "scripts" / f"{name}.painless").read_text("utf-8")
