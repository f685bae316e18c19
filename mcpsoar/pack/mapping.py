"""What a user calls the fields of their own log, in one file that every SIEM's pack and the scan read.

    name: example-gateway
    sourcetype: example:gateway       # what a SIEM needs beside: a key of its own
    fields:
      event_time: [ts, time]          # the first that is there
      server_name: target.server.name
      decision: {from: outcome, values: {permitted: allow, blocked: deny}}
      actor_type: {constant: agent}
      token_scopes: {from: token.scope, split: " "}

A column that is not named has no value. `kit.mapping` says what a path, values and split mean.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mcpsoar.core.event import Column
from mcpsoar.kit import yamltext
from mcpsoar.kit.complaints import together
from mcpsoar.kit.mapping import FieldMapping, MappingKey, Source
from mcpsoar.pack.mapping_complaints import complaints


def read(path: Path, columns: Sequence[Column], own: Sequence[MappingKey]) -> FieldMapping:
    """One mapping, with the keys that SIEMs have of their own. Raises BadContent with every complaint, each
    with file:line.
    """
    located = yamltext.read(path)
    found = list(complaints(located, columns, own))
    if found:
        raise together(found)
    value: dict[str, Any] = located.value
    said = value["fields"]
    return FieldMapping(
        name=value["name"],
        fields={column.name: _source(said[column.name]) for column in columns if column.name in said},
        own={key.name: value[key.name] for key in own if key.name in value},
    )


def _source(said: Any) -> Source:
    if not isinstance(said, Mapping):
        return Source(_paths(said))
    if "constant" in said:
        return Source(constant=said["constant"])
    words = {key.strip().lower(): _word(to) for key, to in said.get("values", {}).items()}
    return Source(_paths(said["from"]), values=tuple(sorted(words.items())), split=said.get("split", ""))


def _paths(said: Any) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)


def _word(to: Any) -> str:
    return to if isinstance(to, str) else str(to).lower()
