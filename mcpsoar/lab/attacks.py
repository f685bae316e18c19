"""The seven attacks of the drill, played for real through the SDK's clients."""

from collections.abc import Callable
from dataclasses import dataclass

from mcpsoar.lab.stage import Actor, Stage

_BURST = 12
_SECRETS = 24
_LOOP = 12

_DEVELOPER = Actor("dev@example.com")
_AGENT = Actor("support-agent@example.com", "agent", may_write=True)
_RELAY = Actor("relay-agent@example.com", "agent")
_REPORTING = Actor("reporting-agent@example.com", "agent", ("read_only",))
_SALES = Actor("sales-agent@example.com", "agent")
_PIPELINE = Actor("pipeline-agent@example.com", "agent", may_write=True)


@dataclass(frozen=True, slots=True)
class Attack:
    """`story` says in one clause what happens; `play` does it and returns when every answer is in."""

    story: str
    play: Callable[[Stage], None]


def _shadow_server(stage: Stage) -> None:
    with stage.fresh(_DEVELOPER, "helper") as client:
        client.call("run_demo", {}, conversation="demo")


def _unapproved_write(stage: Stage) -> None:
    stage.lab.observe("github")
    page = {"url": "https://blog.example.com/release-notes"}
    stage.call(_AGENT, "web", "fetch_page", page, conversation="poisoned")
    stage.call(_AGENT, "github", "merge_pull_request", {"number": 666}, conversation="poisoned")


def _rug_pull(stage: Stage) -> None:
    stage.lab.rug_pull("jira")
    client = stage.client(_AGENT, "jira")
    client.list_tools()
    stage.call(_AGENT, "jira", "search", {"query": "login"}, conversation="after the change")


def _relayed_token(stage: Stage) -> None:
    with stage.fresh(_RELAY, "crm", audience="jira", kind="jwt") as client:
        client.call("find_customer", {"name": "Kim"}, conversation="relay")


def _scope_burst(stage: Stage) -> None:
    for number in range(_BURST):
        note = {"text": f"weekly figures {number}"}
        stage.call(_REPORTING, "notes", "append", note, conversation="figures")


def _secret_in_output(stage: Stage) -> None:
    for _ in range(_SECRETS):
        stage.call(_SALES, "crm", "export_contacts", {}, conversation="export")


def _tool_loop(stage: Stage) -> None:
    """What one tool says is taken for a request to the other, and so on."""
    trace, parent = "ab" * 16, None
    for number in range(_LOOP):
        server, tool, arguments = (
            ("notes", "summarize", {"text": f"round {number}"})
            if number % 2
            else ("github", "list_issues", {})
        )
        said = stage.call(_PIPELINE, server, tool, arguments, conversation="loop", trace=(trace, parent))
        parent = said.span_id


ATTACKS = {
    "shadow-server": Attack("a demo server that nobody registered is called", _shadow_server),
    "unapproved-write": Attack(
        "a poisoned page talks an agent into a merge, while the server's approval is on observe",
        _unapproved_write,
    ),
    "rug-pull": Attack("a tool's description changes outside the deploy window", _rug_pull),
    "relayed-token": Attack("a token for one server is relayed to another", _relayed_token),
    "scope-burst": Attack("a read-only agent tries to write, again and again", _scope_burst),
    "secret-in-output": Attack("an export brings an API key back, again and again", _secret_in_output),
    "tool-loop": Attack("two servers' outputs trigger each other", _tool_loop),
}
