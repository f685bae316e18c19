"""The canary of a profile, as TOML has it.

[profiles.prod.canary]
url = "https://gateway.example.com/mcp/{server}"
tool = "list_issues"
token = { file = "/run/secrets/canary" }
hold_s = 60
every_s = 3
control = { server = "jira", tool = "search", arguments = { query = "canary" } }   # it must still answer
names = { github = "9f3c0d" }     # what {server} is on the data plane, where that calls it otherwise

[profiles.prod.canary.routes.all]   # another way to the same servers: it must refuse as well
url = "https://gateway.example.com/mcp"
tool = "{server}-list-issues"
refusals = ["Tool not found: {tool}"]   # whole messages by which this one says no, beside known ones
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mcpsoar.core.profile import CANARY, CanaryBinding, Control
from mcpsoar.core.secret import Secret

if TYPE_CHECKING:
    from mcpsoar.app.settings_file import File

_CALL = ("url", "tool", "arguments", "token", "names", "refusals")
_TIMES = ("hold_s", "every_s", "timeout_s", "before_s")


def canaries(
    file: "File", name: str, profile: dict[str, Any], network: tuple[str, ...]
) -> tuple[CanaryBinding, dict[str, CanaryBinding]]:
    """The canary, and its other routes as their steps are called; `network`: keys that say how to connect.

    Raises Usage with file:line.
    """
    table = file.inner(name, profile, "canary")
    file.known(table, (*_CALL, "control", "routes", "calls_per_minute", *_TIMES, *network))
    token = file.proving(table)
    times: dict[str, Any] = {key: file.seconds(table, key) for key in _TIMES if key in table}
    main = CanaryBinding(
        **_called(file, table, table),
        arguments=_arguments(file, table),
        token=token,
        control=_control(file, table, token) if "control" in table else None,
        network=file.connected(table),
        calls_per_minute=file.calls(table),
        **times,
    )
    return main, _routes(file, f"{name}.canary", table, main) if "routes" in table else {}


def _routes(
    file: "File", place: str, canary: dict[str, Any], main: CanaryBinding
) -> dict[str, CanaryBinding]:
    """What a route does not say is as the canary has it."""
    found = {}
    routes = file.inner(place, canary, "routes")
    for name in routes:
        table = file.inner(f"{place}.routes", routes, name)
        file.known(table, _CALL)
        found[f"{CANARY}.{name}"] = replace(
            main,
            **_called(file, table, canary),
            arguments=_arguments(file, table) if "arguments" in table else main.arguments,
            token=file.proving(table) if "token" in table else main.token,
        )
    return found


def _called(file: "File", table: dict[str, Any], canary: dict[str, Any]) -> dict[str, Any]:
    """url, tool, names and refusals of one route; the first table that says one has it."""
    url, tool = _url(file, table), _tool(file, table if "tool" in table else canary)
    if "{server}" not in url + tool:
        raise file.bad("the canary's url or its tool holds {server}", "url")
    names = table.get("names", canary.get("names", {}))
    if not isinstance(names, dict) or not all(isinstance(one, str) and one for one in names.values()):
        raise file.bad("names is a table: what the data plane calls a server of the registry", "names")
    refusals = table.get("refusals", canary.get("refusals", []))
    if not isinstance(refusals, list) or not all(isinstance(one, str) and one for one in refusals):
        raise file.bad("refusals is a list of messages", "refusals")
    return {"url": url, "tool": tool, "names": names, "refusals": tuple(refusals)}


def _url(file: "File", table: dict[str, Any]) -> str:
    url = table.get("url")
    if not isinstance(url, str):
        raise file.bad("the canary's url is an address, with {server} where its name goes", "url")
    file.address(url.replace("{server}", "any"), "url")
    return url


def _control(file: "File", canary: dict[str, Any], token: Secret | None) -> Control:
    table = canary["control"]
    if not isinstance(table, dict) or not isinstance(table.get("server"), str) or not table["server"]:
        raise file.bad('control is a call: { server = "…", tool = "…" }', "control")
    file.known(table, ("server", "tool", "arguments", "token"))
    own = file.proving(table) if "token" in table else token
    return Control(table["server"], _tool(file, table), _arguments(file, table), own)


def _tool(file: "File", table: dict[str, Any]) -> str:
    tool = table.get("tool")
    if not isinstance(tool, str) or not tool:
        raise file.bad("tool is the name of a harmless one", "tool")
    return tool


def _arguments(file: "File", table: dict[str, Any]) -> dict[str, Any]:
    arguments = table.get("arguments", {})
    if not isinstance(arguments, dict):
        raise file.bad("arguments is a table", "arguments")
    return arguments
