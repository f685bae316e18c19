"""A profile: which connector plays which role, where, and with which named secret."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.secret import Secret

ROLES = ("registry", "tokens", "policy")
CANARY = "canary"
BY_API = "api"  # the name of a profile that is one address alone, as --api gives it


class SecretSource(StrEnum):
    ENV = "env"
    FILE = "file"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Network:
    """How a connection is made; what is None is as the environment says. `proxy` is an address, or "none" for
    straight ahead; the others are paths of PEM files, `ca` being trusted instead of the system's authorities.
    """

    proxy: str | None = None
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """One role's connector. `token` is resolved late and may be absent: then no header is sent. `spares` are
    tried in order once it is refused; the last may be the break-glass one. `options` are those that its
    module lists as OPTIONS; `where` is the file:line that named it. `calls_per_minute` is what the host takes
    from one caller; None where its connector knows, or nobody.
    """

    connector: str
    base_url: str
    token: Secret | None = None
    options: Facts = field(default_factory=dict)
    where: str | None = field(default=None, compare=False)
    spares: tuple[Secret, ...] = ()
    network: Network = Network()
    calls_per_minute: int | None = None

    @property
    def tokens(self) -> tuple[Secret, ...]:
        """Every credential, in the order of trying."""
        return ((self.token,) if self.token else ()) + self.spares

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every credential, and what its options hold."""
        return (*self.tokens, *_secrets_in(self.options))


def _secrets_in(value: Json) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for one in inner:
        yield from _secrets_in(one)


@dataclass(frozen=True, slots=True)
class Control:
    """One harmless call on a server that stays up, with a token that stays good."""

    server: str
    tool: str
    arguments: Facts
    token: Secret | None


@dataclass(frozen=True, slots=True)
class CanaryBinding:
    """The data plane to try, with a token kept for it.

    `url` or `tool` holds `{server}`; `names` has what stands there for servers that the data plane calls
    otherwise. `refusals` are whole messages of a JSON-RPC error by which this plane, and nobody else, says
    no; `{tool}` in them is the tool's name. `hold_s` is longer than the plane's slowest cache: denials must
    last that long. `every_s` spaces the probes: a fast canary locks the team out of some gateways.
    `before_s` is the longest that a change waits for the first call. Where a `control` is named, it must
    still answer after the change, for a dead network refuses everybody. `calls_per_minute` as for a role, of
    calls by this url.
    """

    url: str
    tool: str
    arguments: Facts
    token: Secret | None
    hold_s: float = 60.0
    every_s: float = 3.0
    timeout_s: float = 5.0
    before_s: float = 1.0
    control: Control | None = None
    network: Network = Network()
    names: dict[str, str] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    calls_per_minute: int | None = None

    @property
    def tokens(self) -> tuple[Secret | None, ...]:
        """Every token that goes to the data plane."""
        return (self.token, self.control.token) if self.control else (self.token,)

    def name_of(self, server: str) -> str:
        """What the data plane calls it."""
        return self.names.get(server, server)

    def call_on(self, server: str) -> "CanaryBinding | Control":
        """What to call there, and with which token."""
        return self.control if self.control and self.control.server == server else self


@dataclass(frozen=True, slots=True)
class Signing:
    """Who vouches for runs. `key` is the path of a private key (`is_file`), or it names one that ssh-agent
    holds: a public key, a fingerprint or a comment; `agent` is that one's socket. `allowed_signers` is a file
    of those who are trusted, instead of this key alone. No file is read before a run has ended.
    """

    key: str
    is_file: bool
    identity: str = "mcpsoar"
    allowed_signers: str | None = None
    agent: str | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """`where` says where it was read. `routes` are other ways to the same servers, as their steps are called:
    each has to refuse. `look_s` is what all looks before the changes share; one change is
    tried `attempts` times and for `retry_s` at most; `threads` steps are at work at once. `audit` signs runs.
    `protected` servers are contained only where a person names one and says so; findings count only of logs
    that one of `trusted_sources` fits (patterns with *), where there are any. A `rehearsal` is on nobody but
    these, which no one needs.
    """

    name: str
    roles: dict[str, Binding]
    canary: CanaryBinding | None
    where: str
    look_s: float = 2.0
    retry_s: float = 30.0
    attempts: int = 4
    threads: int = 32
    audit: Signing | None = None
    routes: dict[str, CanaryBinding] = field(default_factory=dict)
    protected: tuple[str, ...] = ()
    trusted_sources: tuple[str, ...] | None = None
    rehearsal: tuple[str, ...] = ()

    @property
    def canaries(self) -> dict[str, CanaryBinding]:
        """Every route to the data plane, by the name that its steps have."""
        return {CANARY: self.canary} | self.routes if self.canary else {}
