"""Objects as the files that people import: JSON to read, NDJSON where an API takes lines."""

import json
from collections.abc import Iterable, Iterator

from mcpsoar.core.digest import Json
from mcpsoar.siems.objects import Item, PackFile

_FOLDERS = {
    "component_template": "component_templates",
    "ingest_pipeline": "ingest_pipelines",
    "index_template": "index_templates",
    "lookup_index": "lookup_indices",
}
_LINES = {
    "exception_list": "exceptions.ndjson",
    "exception_item": "exceptions.ndjson",
    "detection_rule": "rules.ndjson",
    "saved_object": "dashboard.ndjson",
}


def files(items: Iterable[Item]) -> Iterator[PackFile]:
    """A file an object of Elasticsearch's, lines for those of Kibana's and for documents."""
    lines: dict[str, list[Json]] = {}
    for item in items:
        if item.kind in _FOLDERS:
            body = json.dumps(item.body, indent=2, sort_keys=True, ensure_ascii=False)
            yield PackFile(f"{_FOLDERS[item.kind]}/{item.name}.json", f"{body}\n".encode())
        elif item.kind == "lookup_document":
            index, _, name = item.name.partition("/")
            own = lines.setdefault(f"{_FOLDERS['lookup_index']}/{index}.ndjson", [])
            own += [{"index": {"_id": name}}, item.body]
        else:
            lines.setdefault(_LINES[item.kind], []).append(item.body)
    for path, bodies in lines.items():
        yield PackFile(path, b"".join(map(_line, bodies)))


def _line(body: Json) -> bytes:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
