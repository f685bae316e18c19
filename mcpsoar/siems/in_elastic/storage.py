"""Where events are stored: the data stream's templates, and the pipeline into normal form."""

from typing import Any

from mcpsoar.core.errors import Usage
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import naming, tenant
from mcpsoar.siems.objects import Item
from mcpsoar.targets.es import OLDEST, fields, ingest, mapped, paths

PRIORITY = 500  # the built-in template of logs-*-* has 100, those of integrations 200
_META = {"managed_by": naming.TAG, "description": f"MCP audit events, for Elasticsearch {OLDEST} and later"}


def items(content: Content) -> tuple[Item, ...]:
    """In the order in which they need each other."""
    return (
        Item("component_template", naming.MAPPINGS, mappings(content)),
        Item("component_template", naming.SETTINGS, _settings()),
        Item("ingest_pipeline", naming.PIPELINE, _pipeline(content)),
        Item("index_template", naming.TEMPLATE, _template(content)),
    )


def mappings(content: Content) -> dict[str, Any]:
    """The fields of the dictionary, and the tenant's where one is named."""
    made = fields.template(content.columns)
    if content.options.tenant:
        *above, own = content.options.tenant.split(".")
        place = made["template"]["mappings"]["properties"]
        for part in above:
            place = place.setdefault(part, {}).setdefault("properties", {})
        place.setdefault(own, {"type": "keyword", "ignore_above": fields.LONGEST})
    return made


def _pipeline(content: Content) -> dict[str, Any]:
    """A tenant is what stands beside the event, and is kept: within the event anybody could write it."""
    own = content.options.tenant
    if not own or own in {paths.of(column.name) for column in content.columns}:
        return _made(content)
    first = own.partition(".")[0]
    if first in _written(content):
        raise Usage(f"--tenant-field: the pipeline keeps nothing else in {first!r} than its own fields")
    made = _made(content, first)
    return made | {"processors": [tenant.step(own), *made["processors"]]}


def _made(content: Content, *kept: str) -> dict[str, Any]:
    if content.mapping:
        return mapped.pipeline(content.columns, content.mapping, kept=kept)
    return ingest.pipeline(content.columns, kept=kept)


def _written(content: Content) -> frozenset[str]:
    return frozenset(fields.template(content.columns)["template"]["mappings"]["properties"])


def _settings() -> dict[str, Any]:
    return {"_meta": _META, "template": {"settings": {"index": {"default_pipeline": naming.PIPELINE}}}}


def _template(content: Content) -> dict[str, Any]:
    """What a user adds to it stands in `mcp-audit@custom`, which no upgrade touches."""
    return {
        "_meta": _META,
        "composed_of": [naming.MAPPINGS, naming.SETTINGS, naming.CUSTOM],
        "data_stream": {},
        "ignore_missing_component_templates": [naming.CUSTOM],
        "index_patterns": naming.index(content).split(","),
        "priority": PRIORITY,
    }
