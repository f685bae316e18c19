"""Any OAuth token service: known tokens, revoked by their own clients (RFC 7009) and asked about before and
after (RFC 7662). A service lists no tokens by audience and lets none but its own client revoke one: so the
profile says where tokens are known from, and holds the clients' credentials.

    [profiles.prod.tokens]
    connector = "oauth"
    url = "https://id.example.com"
    held = { command = ["list-tokens", "--json"] }
    introspect = { id = "incident", secret = { env = "INCIDENT_SECRET" } }
    clients = [{ id = "agent-a", secret = { file = "/run/secrets/agent-a" } }]
    names = { github = "https://github-mcp.example.com/mcp" }

`held` gives one JSON object a line: `token`; `client`, its owner; `audience`, a text or a list; `kind`,
"access_token" or "refresh_token"; `keep`, true for one that stays. All but `token` may be left out. One that
stays, for the same audience, shows that the service tells `introspect` of such tokens at all: many say
"inactive" of good ones to a client outside their audience. A token's text is kept nowhere: a hash names it.

Other options of a binding: `names`, the audience of a server where that is not its name; `revocation` and
`introspection`, paths under `url`, else as its `.well-known/openid-configuration` says, on its own origin
alone. `propagation_s` is how long resource servers go on with what they remember (0), `timeout_s` bounds one
call (10), `settle_s` a read-back (5). Clients identify themselves by client_secret_basic. No RFC stops
the issuing of new tokens: where the table `issuance` describes how the service's own administration stops a
client (`in_oauth.described`), that is done; else the report says that nobody does.
"""

from mcpsoar.connectors.in_oauth import settings
from mcpsoar.connectors.in_oauth.aim import Aim
from mcpsoar.connectors.in_oauth.described import ACTION
from mcpsoar.connectors.in_oauth.issuance import Issuance
from mcpsoar.connectors.in_oauth.recalling import Recalling
from mcpsoar.connectors.in_oauth.service import Service
from mcpsoar.connectors.in_oauth.settings import Place
from mcpsoar.connectors.in_oauth.stopped import Stopped, single
from mcpsoar.connectors.in_oauth.tokens import Tokens
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.kit.http import TIMEOUT_S
from mcpsoar.kit.options import seconds
from mcpsoar.kit.rooms import Room, Rooms, server
from mcpsoar.kit.targets import principal

OPTIONS = (
    "held",
    "introspect",
    "clients",
    "names",
    "issuance",
    *settings.ENDPOINTS,
    "propagation_s",
    "timeout_s",
    "settle_s",
)
SECRETS = ("held", "introspect.secret", "clients.*.secret", "issuance.token")
MEANING = {"names": "server", "issuance": ""}
_SETTLE_S = 5.0
_SPILLS = "it stops clients, whatever else they call"


def connect(binding: Binding, *, clock: Clock) -> Rooms:
    """One connector for the role of tokens. Sends nothing yet. Raises Usage."""
    if binding.tokens:
        raise Usage("connector oauth takes no token: clients have secrets", where=binding.where)
    said = settings.read(binding.options, lambda _: binding.where or "connector 'oauth'")
    service = Service(binding, said, clock=clock, timeout_s=seconds(binding, "timeout_s", TIMEOUT_S))

    def for_server(step: Step) -> Aim:
        return Aim(audience=said.names.get(server(step), server(step)))

    def of_client(step: Step) -> Aim:
        return Aim(client=principal(step))

    one = (
        single(service.admin, clock, said.issuance, binding.where)
        if service.admin and said.issuance
        else None
    )
    off = Stopped(one)
    rooms: dict[str, Room] = {
        "tokens.revoke": Tokens(clock, service, said, aim=for_server, stopped=off),
        "tokens.revoke_principal": Tokens(clock, service, said, aim=of_client, stopped=off),
    }
    if one is not None and service.admin is not None and said.issuance is not None:
        for action, aim in {"tokens.stop_issuance": for_server, ACTION: of_client}.items():
            rooms[action] = Issuance(
                service.admin,
                clock,
                service,
                said,
                said.issuance,
                single=one,
                aim=aim,
                place=binding.where,
                spills=_SPILLS if aim is for_server else None,
            )
    return Recalling(
        service.memory,
        rooms,
        service,
        name="the token service",
        clock=clock,
        settle_s=seconds(binding, "settle_s", _SETTLE_S),
        propagation_s=seconds(binding, "propagation_s", 0.0, least=0.0),
        secrets=service.secrets,
    )


def check(options: Facts, place: Place) -> None:
    """Raises Usage."""
    settings.read(options, place)
