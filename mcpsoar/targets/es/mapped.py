"""A user's own fields in Elastic: a step of the ingest pipeline, or EVALs where events are stored already.

The step comes before the one that makes the normal form, and is exact, as it sees the event itself. EVALs see
what an index has kept. There a number in a field of type keyword is a text, one text is a list of one, an
empty list is nothing, and a value in another spelling of its path is a further value: what JSON told apart
they cannot. Each path is taken to be stored as the columns that read it are: texts, enumerations, lists and
words to translate as keyword, booleans as boolean, numbers as long or double.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mcpsoar.core.event import Column
from mcpsoar.kit import stored
from mcpsoar.kit.mapping import FieldMapping, Source
from mcpsoar.targets.es import ingest


def pipeline(columns: Sequence[Column], mapping: FieldMapping, *, kept: Sequence[str] = ()) -> dict[str, Any]:
    """The body of `PUT _ingest/pipeline/…` for events in a user's own words. Raises Unsupported."""
    body = ingest.pipeline(columns, kept=kept)
    processors = body["processors"]
    last = next(
        at for at, one in enumerate(processors) if "columns" in one.get("script", {}).get("params", {})
    )
    stays = processors[last]["script"]["params"]["kept"]
    processors.insert(last, {"script": {"source": _source(), "params": _params(mapping, stays)}})
    return body


def _source() -> str:
    return "\n".join(map(ingest.script, ("values", "shape", "foreign")))


def _params(mapping: FieldMapping, kept: Collection[str]) -> dict[str, Any]:
    return {
        "blanks": list(stored.BLANKS),
        "deepest": ingest.DEEPEST,
        "fields": {name: _told(source) for name, source in mapping.fields.items()},
        "kept": list(kept),
    }


def _told(source: Source) -> Mapping[str, Any]:
    if source.constant is not None:
        return {"constant": source.constant}
    told: dict[str, Any] = {"paths": list(source.paths)}
    told |= {"values": dict(source.values)} if source.values else {}
    return told | ({"split": source.split} if source.split else {})
