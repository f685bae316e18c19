"""Profiles as TOML has them; a complaint names file and line.

    default_profile = "prod"            # needed only where there are several

    [profiles.prod]
    api = "https://control-plane.example.com"   # all three roles on the reference API; with another connector
                                                # they are the table `plane`, or one table each:
    token = { env = "SOAR_TOKEN" }
    protected = ["idp"]                         # contained only when typed, with --protected-too
    trusted_sources = ["/var/log/mcp/*"]        # findings of other logs choose nobody
    rehearsal = ["mcpsoar-rehearsal"]           # nobody needs it: contain --rehearse may act on it

    [profiles.prod.registry]
    connector = "reference"
    url = "https://registry.example.com/api"
    token = { command = ["vault-read", "soar/registry"] }

A connector has options of its own; those of `http` describe an API, see `mcpsoar.connectors.http`.
Times are in seconds; a token is named, never written. A list of them is tried in order and may end in one
that needs no single sign-on: `token = [{ command = ["sso-token"] }, { file = "break-glass.token" }]`. A
profile, and each of its tables, may say how it connects: `proxy = "http://proxy.example.com:3128"` (or
"none"), and `ca`, `certificate`, `key` as paths of PEM files; else the environment and the system's
authorities decide. `calls_per_minute` beside an api or a url is what that host takes from one caller: all
calls to it share that, writes first. Other tables are read by `app.canary_settings`, `app.audit_settings`
and, for a SIEM, `app.siem_profiles`: a profile that is that alone is for `pack` commands.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mcpsoar.app.audit_settings import signing
from mcpsoar.app.canary_settings import canaries
from mcpsoar.app.secrets import found, with_secrets
from mcpsoar.app.settings_file import CALLS, NETWORK, File, read
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import ROLES, Binding, Profile
from mcpsoar.kit import find, tomlplace

CONNECTORS = "mcpsoar.connectors"
SIEMS = "mcpsoar.siems"
PLANE = "plane"  # the table of a connector that has all three roles
_SECONDS = ("look_s", "retry_s")
_COUNTS = ("attempts", "threads")
_GUARDS = ("protected", "trusted_sources", "rehearsal")


def by_file(path: Path, asked: str | None, environ: Mapping[str, str]) -> tuple[Profile, list[str]]:
    """The profile of that name, or the only one, or the default; and which of its tokens are not there.

    Raises Usage. A table for a SIEM is for `pack` commands alone: its secret is not looked up here.
    """
    said, text = read(path)
    file = _Profiles(path, text, environ)
    return file.profile(said, asked), file.lacking


class _Profiles(File):
    """A file of which one table becomes a profile."""

    def profile(self, said: dict[str, Any], asked: str | None) -> Profile:
        name, table = self.table_of(said, asked)
        self._commands.ahead(_secrets(table))
        try:
            return self._made(name, table)
        finally:
            self._commands.close()

    def _made(self, name: str, table: dict[str, Any]) -> Profile:
        self._section = f"profiles.{name}"
        own = ("api", "token", CALLS, PLANE, *ROLES, "canary", "audit", *_SECONDS, *_COUNTS, *NETWORK)
        siems = find.names(SIEMS) if set(table) - {*own, *_GUARDS} else ()  # seldom needed
        self.known(table, (*own, *_GUARDS, *siems))
        self._network = self.connected(table)
        roles: dict[str, Binding] = {}
        if "api" in table:
            tokens = self._tokens(table)
            binding = Binding(
                "reference",
                self.url(table, "api"),
                next(iter(tokens), None),
                spares=tokens[1:],
                network=self._network,
                calls_per_minute=self.calls(table),
            )
            roles = dict.fromkeys(ROLES, binding)
        elif alone := [key for key in ("token", CALLS) if key in table]:
            words = f"this {alone[0]} goes with an api, and none is named; each role has its own"
            raise self.bad(words, alone[0])
        numbers: dict[str, Any] = {key: self.seconds(table, key) for key in _SECONDS if key in table}
        numbers |= {key: self._count(table, key) for key in _COUNTS if key in table}
        numbers |= {key: self._texts(table, key) for key in _GUARDS if key in table}
        for role in (PLANE, *ROLES):
            if role in table:
                self._section = f"profiles.{name}.{role}"
                binding = self._binding(self._table(table, role), ("profiles", name, role))
                roles |= dict.fromkeys(ROLES if role == PLANE else (role,), binding)
        if not roles:
            raise self.bad(f"profile {name!r} has none of api, {PLANE}, {', '.join(ROLES)}", name)
        canary, routes = canaries(self, name, table, NETWORK) if "canary" in table else (None, {})
        audit = signing(self, name, table, self._environ) if "audit" in table else None
        return Profile(name, roles, canary, str(self._path), routes=routes, audit=audit, **numbers)

    def _binding(self, table: dict[str, Any], keys: tuple[str, ...]) -> Binding:
        own = ("connector", "url", "token", CALLS, *NETWORK)
        connector = table.get("connector", "reference")
        if not isinstance(connector, str):
            raise self.bad("connector is a name", "connector")
        try:
            module = find.load(CONNECTORS, connector)
        except Usage as error:
            raise self.bad(error.message, "connector") from None
        self.known(table, (*own, *getattr(module, "OPTIONS", ())))
        options = {key: value for key, value in table.items() if key not in own}

        def line(below: tuple[str | int, ...]) -> str:
            return f"{self._path}:{tomlplace.line(self._text, (*keys, *below))}"

        options = with_secrets(options, getattr(module, "SECRETS", ()), self._environ, self._commands, line)
        if (check := getattr(module, "check", None)) is not None:  # of one whose options are tables
            check(options, line)
        tokens = self._tokens(table)
        return Binding(
            connector=connector,
            base_url=self.url(table, "url"),
            token=next(iter(tokens), None),
            options=options,
            where=self.place(self._section.rpartition(".")[2]),
            spares=tokens[1:],
            network=self.connected(table),
            calls_per_minute=self.calls(table),
        )


def _secrets(profile: Mapping[str, Any]) -> Iterator[Any]:
    """Each place of a profile where a secret is named; what is wrong there is not complained of here."""
    canary = profile.get("canary", {})
    routes = canary.get("routes", {}) if isinstance(canary, dict) else {}
    tables = [profile, canary, *(profile[role] for role in (PLANE, *ROLES) if role in profile)]
    tables += [canary.get("control")] if isinstance(canary, dict) else []
    tables += routes.values() if isinstance(routes, dict) else ()
    for table in tables:
        if isinstance(table, dict):
            yield table.get("token")
            for holder, key, _ in found(table, _paths(table)):
                yield holder[key]


def _paths(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Where options of a table's connector are secrets."""
    connector = table.get("connector")
    if not isinstance(connector, str) or connector not in find.names(CONNECTORS):
        return ()
    paths: tuple[str, ...] = getattr(find.load(CONNECTORS, connector), "SECRETS", ())
    return paths
