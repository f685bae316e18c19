"""A Splunk to deploy to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mcpsoar.core.profile import Binding
from mcpsoar.core.secret import Secret
from mcpsoar.lab.serving import serving
from mcpsoar.siems.objects import Item
from tests.siems import fake_splunk
from tests.siems.fake_splunk import FakeSplunk
from tests.siems.site import Site

_SEARCH = "`mcp_events` action_class=write\n| where isnull(approval_id)\n| stats count BY server_name"


@contextmanager
def site(home: Path, **options: Any) -> Iterator[Site]:
    fake = FakeSplunk(private=bool(options.get("private")))

    def edit(text: str) -> str:
        name = next(name for kind, name in fake.things if kind == "saved/searches")
        fake.things["saved/searches", name].content["search"] = text
        return name

    with serving(fake.asgi()) as url:
        said = {"app": "mcpsoar", "timeout_s": 5, "owner": options.get("owner", "nobody")}
        binding = Binding("splunk", url, Secret(fake_splunk.TOKEN), said)
        more = ("mcp_retired", "mcp_overview")
        yield Site("splunk", binding, old(), new(), home, fake, edit, more=more)


def old() -> tuple[Item, ...]:
    return (
        Item("configs/conf-macros", "mcp_events", {"definition": "index=mcp", "iseval": False}),
        Item("configs/conf-macros", "mcp_retired", {"definition": "index=retired"}),
        Item("storage/collections/config", "mcp_approved", {"field.server_name": "string"}),
        Item(
            "saved/searches",
            "MCP & writes, 100% unapproved",
            {
                "search": _SEARCH,
                "cron_schedule": "*/5 * * * *",
                "enableSched": "1",
                "disabled": True,
                "alert.suppress": "true",
                "alert.severity": 5,
                "action.notable": "1",
                "action.notable.param.severity": "high",
            },
        ),
        Item("saved/searches", "MCP gate", {"search": "| inputlookup x", "disabled": "1"}),
        Item("saved/searches", "MCP retired", {"search": "index=old", "disabled": "1"}),
        Item("data/ui/views", "mcp_overview", {"eai:data": '<dashboard version="1.1"/>'}),
    )


def new() -> tuple[Item, ...]:
    kept = [item for item in old() if "retired" not in item.name]
    changed: dict[str, dict[str, Any]] = {
        "MCP gate": {"search": "| inputlookup y", "disabled": "1", "alert.severity": "4"},
        "mcp_events": {"definition": "index=mcp_audit", "iseval": False},
    }
    items = [replace(item, body=changed.get(item.name, item.body)) for item in kept]
    return (*items, Item("saved/searches", "MCP new", {"search": "index=new", "disabled": "1"}))
