"""ContextForge (mcp-contextforge-gateway 1.0): gateway entries, API tokens, and tools switched off by ones.

A server is a *gateway* entry, by its id, name or slug; the virtual server before it is no off switch (calls
go on, measured). There is no approval of writes: they are blocked, tool by tool. Facts are of 1.0.7.

Options of a binding: `login`, the e-mail of an administrator whose password the token then is: tokens can be
listed and revoked only so, and a session lasts 20 min; without it the token is an API token. `keep` lists ids
of tokens that are never revoked, or names of such of `login` itself. `workers_s` is how long other workers go
on with what they remember (65; 0 for one worker, or with Redis). `timeout_s` bounds one call (20: SQLite
takes 5), `settle_s` a read-back (5). `switch_s` is how long the switch of an entry takes where that is long
(5 on SQLite): the time that a run expects counts it.

Its limits count by address and by user, and five calls over one lock both out for 15 min. TIERS stay below
the defaults of a gateway (100 and 500 a minute): colleagues are at work too.
"""

from dataclasses import replace

from mcpsoar.connectors.in_contextforge.directory import LIMIT_BYTES, Directory
from mcpsoar.connectors.in_contextforge.gateways import Gateways
from mcpsoar.connectors.in_contextforge.owners import Owners
from mcpsoar.connectors.in_contextforge.session import Session
from mcpsoar.connectors.in_contextforge.token_list import TokenList
from mcpsoar.connectors.in_contextforge.tokens import Tokens
from mcpsoar.connectors.in_contextforge.tool_switch import ToolSwitch
from mcpsoar.connectors.in_contextforge.tools import Tools
from mcpsoar.connectors.in_contextforge.workers import Workers
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.kit.budget import Calls, Tier
from mcpsoar.kit.http import Edge
from mcpsoar.kit.options import seconds, word, words
from mcpsoar.kit.rooms import Rooms

OPTIONS = ("login", "keep", "workers_s", "timeout_s", "settle_s", "switch_s")
# middleware/rate_limit_middleware.py of 1.0.7: /v1 and /rpc are of the large tier
TIERS = (
    Tier(
        "calls of MCP",
        90,
        ("/mcp", "/servers", "/tools", "/gateways", "/prompts", "/resources"),
        has_writes=False,
    ),
    Tier("other calls", 450),
)
_DISABLE = "registry.disable"
_CALLS = {
    _DISABLE: Calls(looks=2, reads=2, joint=True),
    "registry.disable_tool": Calls(looks=2, reads=4),
    "tokens.revoke": Calls(reads=2, each="further token", counted="ids", joint=True),
    "policy.force_write_approval": Calls(writes=0, reads=2, each="tool that may write", counted="open"),
}
WORKERS_S = 65.0  # TOOL_LOOKUP_CACHE_TTL_SECONDS is 60: calls went on for 52 s
_TIMEOUT_S = 20.0
_SETTLE_S = 5.0


def connect(binding: Binding, *, clock: Clock) -> Rooms:
    """One connector for all three roles. Sends nothing yet. Raises Usage."""
    timeout_s = seconds(binding, "timeout_s", _TIMEOUT_S)
    login = word(binding, "login")
    edge = Edge(
        binding.base_url,
        None if login else binding.token,
        spares=() if login else binding.spares,
        bearer=Session(binding, login, clock=clock, timeout_s=timeout_s) if login else None,
        network=binding.network,
        clock=clock,
        timeout_s=timeout_s,
        limit_bytes=LIMIT_BYTES,
    )
    directory = Directory(edge, clock)
    listed, keep = TokenList(edge, clock), words(binding, "keep")
    switch_s = seconds(binding, "switch_s", 0.0, least=0.0)
    workers_s = seconds(binding, "workers_s", WORKERS_S, least=0.0)
    workers = Workers(clock, workers_s)
    rooms = {
        _DISABLE: Gateways(edge, clock, directory, workers),
        "registry.disable_tool": ToolSwitch(edge, clock, directory, workers),
        "tokens.revoke": Tokens(edge, clock, directory, listed, keep=keep, login=login),
        "tokens.revoke_principal": Owners(edge, clock, directory, listed, keep=keep, login=login),
        "policy.force_write_approval": Tools(edge, clock, directory, workers),
    }
    return Rooms(
        rooms,
        edge,
        name="ContextForge",
        clock=clock,
        settle_s=seconds(binding, "settle_s", _SETTLE_S),
        propagation_s=workers_s,
        calls={**_CALLS, _DISABLE: replace(_CALLS[_DISABLE], write_s=switch_s)},
    )
