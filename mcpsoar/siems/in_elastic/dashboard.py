"""The views as saved objects of Kibana: a Discover session each, and one dashboard that shows them all.

Discover sessions are the plainest form that holds ES|QL. Objects say the versions that Kibana 8.17 wrote, so
that every Kibana which the pack supports brings them to its own (page "Saved objects", migrations).
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from mcpsoar.core.digest import Json
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import naming, views
from mcpsoar.siems.in_elastic.views import View
from mcpsoar.siems.objects import Item
from mcpsoar.targets.es import paths

_CORE = "8.8.0"
_SESSION, _DASHBOARD = "10.5.0", "10.2.0"
_WIDTH = 48  # columns of a dashboard's grid


def items(content: Content) -> Iterator[Item]:
    """The sessions, then the dashboard that refers to them; named TYPE/ID."""
    found = tuple(views.views(content))
    source = naming.source(content)
    for view in found:
        yield _item("search", _id(view), _session(view, source), (), _SESSION)
    references = [
        {"id": _id(view), "name": f"{place}:panel_{place}", "type": "search"}
        for place, view in enumerate(found)
    ]
    yield _item("dashboard", naming.fixed("dashboard"), _dashboard(found), references, _DASHBOARD)


def _item(kind: str, id_: str, attributes: dict[str, Any], references: Sequence[Json], version: str) -> Item:
    body = {
        "attributes": attributes,
        "coreMigrationVersion": _CORE,
        "id": id_,
        "managed": False,
        "references": list(references),
        "type": kind,
        "typeMigrationVersion": version,
    }
    return Item("saved_object", f"{kind}/{id_}", body)


def _id(view: View) -> str:
    return naming.fixed("view", view.key)


def _session(view: View, source: str) -> dict[str, Any]:
    index = {
        "allowHidden": False,
        "allowNoIndex": False,
        "fieldFormats": {},
        "id": naming.fixed("index", source),
        "name": source,
        "runtimeFieldMap": {},
        "sourceFilters": [],
        "timeFieldName": paths.TIME,
        "title": source,
        "type": "esql",
    }
    return {
        "columns": [],
        "description": view.description,
        "grid": {},
        "hideChart": True,
        "isTextBasedQuery": True,
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": _text({"filter": [], "index": index, "query": {"esql": view.query}})
        },
        "sort": [],
        "timeRestore": False,
        "title": view.title,
        "usesAdHocDataView": True,
    }


def _dashboard(found: Sequence[View]) -> dict[str, Any]:
    panels, top = list[Json](), 0
    for place, view in enumerate(found):
        grid = {"h": view.height, "i": str(place), "w": _WIDTH, "x": 0, "y": top}
        panels.append(
            {
                "embeddableConfig": {},
                "gridData": grid,
                "panelIndex": str(place),
                "panelRefName": f"panel_{place}",
                "type": "search",
            }
        )
        top += view.height
    return {
        "description": "Gates at a glance, one server's story, and the health of the log",
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": _text({"filter": [], "query": {"language": "kuery", "query": ""}})
        },
        "optionsJSON": _text({"hidePanelTitles": False, "useMargins": True}),
        "panelsJSON": _text(panels),
        # a gate looks back a day, and its query asks no more than the time range of the dashboard
        "timeFrom": "now-2d",
        "timeRestore": True,
        "timeTo": "now",
        "title": "MCP: gates and log",
        "version": 2,
    }


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
