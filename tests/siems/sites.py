"""A SIEM to deploy to, in tests: its server, a binding, and two versions of a small pack for it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copytree
from typing import Any

from mcpsoar.app.deploying import Place, place
from mcpsoar.core.profile import Binding
from mcpsoar.core.secret import Secret
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.serving import serving
from mcpsoar.siems.objects import Item
from tests.siems import fake_kibana, fake_splunk
from tests.siems.fake_kibana import FakeKibana
from tests.siems.fake_splunk import FakeSplunk
from tests.siems.faults import Faults

_SEARCH = "`mcp_events` action_class=write\n| where isnull(approval_id)\n| stats count BY server_name"


_MORE = ("mcp_retired", "rule-writes", "mcp-fields", "logs-mcp", "mcp_overview")


class Hasty(SystemClock):
    """Sleeps not at all; pauses are told, not waited for."""

    def sleep(self, seconds: float) -> None:
        pass


@dataclass
class Site:
    """`old` and `new` are a pack and its next version; `there` is everything that the server holds."""

    siem: str
    binding: Binding
    faults: Faults
    there: Callable[[], Mapping[Any, Any]]
    old: tuple[Item, ...]
    new: tuple[Item, ...]
    home: Path
    fake: Any
    said: list[str] = field(default_factory=list)

    def few(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """One or two of each kind: enough for every sort of call."""
        return tuple(item for item in items if item.name not in _MORE)

    def start(self, held: Any, home: Path, name: str) -> None:
        """The server as it was, and a home of its own that remembers what another one did."""
        self.fake.hold(held)
        self.faults.set(0, "")
        self.said.clear()
        self.home = home.parent / f"{home.name}-{name}"
        if home.exists():
            copytree(home, self.home)

    @contextmanager
    def place(self) -> Iterator[Place]:
        with place("prod", self.binding, self.home, Hasty()) as made:
            yield made


def splunk_old() -> tuple[Item, ...]:
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


def splunk_new() -> tuple[Item, ...]:
    kept = [item for item in splunk_old() if "retired" not in item.name]
    changed: dict[str, dict[str, Any]] = {
        "MCP gate": {"search": "| inputlookup y", "disabled": "1", "alert.severity": "4"},
        "mcp_events": {"definition": "index=mcp_audit", "iseval": False},
    }
    items = [replace(item, body=changed.get(item.name, item.body)) for item in kept]
    return (*items, Item("saved/searches", "MCP new", {"search": "index=new", "disabled": "1"}))


def elastic_old() -> tuple[Item, ...]:
    return (
        Item(
            "component_template",
            "mcp-fields",
            {
                "template": {
                    "settings": {"index": {"number_of_replicas": 1}},
                    "mappings": {
                        "dynamic": False,
                        "properties": {"mcp": {"properties": {"tool": {"type": "keyword"}}}},
                    },
                }
            },
        ),
        Item(
            "index_template",
            "logs-mcp",
            {
                "index_patterns": "logs-mcp-*",
                "priority": 220,
                "data_stream": {},
                "composed_of": ["mcp-fields"],
            },
        ),
        Item("ingest_pipeline", "mcp-parse", {"processors": [{"set": {"field": "a", "value": "b"}}]}),
        Item("ingest_pipeline", "mcp-retired", {"processors": []}),
        Item(
            "lookup_index",
            "mcp-approved",
            {"settings": {"index.mode": "lookup"}, "mappings": {"properties": {"name": {"type": "keyword"}}}},
        ),
        Item("lookup_document", "mcp-approved/github", {"name": "github", "since": 1}),
        Item(
            "exception_list",
            "mcp-tuning",
            {"name": "MCP", "description": "Tuning", "type": "detection", "namespace_type": "single"},
        ),
        Item(
            "exception_item",
            "mcp-allow-1",
            {
                "list_id": "mcp-tuning",
                "name": "lab",
                "description": "lab",
                "type": "simple",
                "entries": [{"field": "mcp.tool", "operator": "included", "type": "match", "value": "x"}],
            },
        ),
        _rule("rule-writes", query="FROM logs | WHERE a == 1"),
        _rule("rule-gate", query="FROM logs | STATS n = COUNT(*)"),
        _rule("rule-retired"),
        Item(
            "saved_object",
            "dashboard/mcp-overview",
            {
                "attributes": {
                    "title": "MCP",
                    "panelsJSON": '{"a": 1}',
                    "kibanaSavedObjectMeta": {"searchSourceJSON": '{"query": {"language": "kuery"}}'},
                },
                "references": [],
            },
        ),
    )


def elastic_new() -> tuple[Item, ...]:
    kept = [item for item in elastic_old() if "retired" not in item.name]
    items = [_next(item) for item in kept]
    return (*items, _rule("rule-new"))


def _next(item: Item) -> Item:
    changed: dict[str, dict[str, Any]] = {
        "rule-gate": {
            "query": "FROM logs | STATS n = COUNT(*) | WHERE n > 3",
            "version": 2,
            "max_signals": 20,
        },
        "mcp-parse": {"processors": [{"set": {"field": "a", "value": "c"}}]},
        "mcp-approved": {
            "mappings": {"properties": {"name": {"type": "keyword"}, "by": {"type": "keyword"}}}
        },
        "mcp-approved/github": {"since": 2},
        "mcp-allow-1": {"name": "lab, renamed"},
        "dashboard/mcp-overview": {"attributes": {"title": "MCP audit", "panelsJSON": '{"a": 2}'}},
    }
    return replace(item, body={**item.body, **changed.get(item.name, {})})


def _rule(name: str, **more: Any) -> Item:
    body = {
        "rule_id": name,
        "name": f"MCP {name}",
        "description": "d",
        "risk_score": 47,
        "severity": "medium",
        "type": "esql",
        "language": "esql",
        "query": "FROM logs",
        "enabled": False,
        "version": 1,
        "exceptions_list": [{"list_id": "mcp-tuning", "type": "detection", "namespace_type": "single"}],
        "threat": [{"framework": "MITRE ATLAS", "technique": [{"id": "AML.T0051"}]}],
    }
    return Item("detection_rule", name, {**body, **more})


@contextmanager
def splunk(home: Path, **options: Any) -> Iterator[Site]:
    fake = FakeSplunk(private=bool(options.get("private")))
    with serving(fake.asgi()) as url:
        said = {"app": "mcpsoar", "timeout_s": 5, "owner": options.get("owner", "nobody")}
        binding = Binding("splunk", url, Secret(fake_splunk.TOKEN), said)
        yield Site("splunk", binding, fake.faults, fake.there, splunk_old(), splunk_new(), home, fake)


@contextmanager
def elastic(home: Path, **options: Any) -> Iterator[Site]:
    fake = FakeKibana(space=options.get("space", "default"))

    with serving(fake.asgi()) as url:
        said = {"kibana": f"{url}/kibana", "timeout_s": 5, "space": fake.space}
        binding = Binding("elastic", f"{url}/es", Secret(fake_kibana.TOKEN), said)
        yield Site("elastic", binding, fake.faults, fake.there, elastic_old(), elastic_new(), home, fake)


SITES = {"splunk": splunk, "elastic": elastic}
