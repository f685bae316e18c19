"""Where control planes are, and by which secrets: TOML and the environment, made into a profile.

    default_profile = "prod"            # needed only where there are several

    [profiles.prod]
    api = "https://control-plane.example.com"   # all three roles on the reference API, or one table each:
    token = { env = "SOAR_TOKEN" }

    [profiles.prod.registry]
    connector = "reference"
    url = "https://registry.example.com/api"
    token = { command = ["vault-read", "soar/registry"] }

    [profiles.prod.canary]
    url = "https://gateway.example.com/mcp/{server}"
    tool = "list_issues"
    token = { file = "/run/secrets/canary" }
    control = "jira"                    # stays up: it must still answer
    hold_s = 60
    every_s = 3

A token that would travel over plain http to another machine is sent, with a warning: an emergency is no time
to learn a new rule, and the control plane may be in a network of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from typing import Any
from urllib.parse import urlsplit

from mcpsoar.app.secrets import resolve
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import ROLES, Binding, CanaryBinding, Profile
from mcpsoar.core.secret import Secret
from mcpsoar.kit import find
from mcpsoar.kit.http import checked_url

FILE = "mcpsoar.toml"
CONNECTORS = "mcpsoar.connectors"
_SECONDS = ("look_s", "retry_s")
_COUNTS = ("attempts", "threads")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says about configuration; None where it says nothing."""

    config: str | None = None
    profile: str | None = None
    api: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """`warnings` are lines for a person, said before anything is sent."""

    profile: Profile
    warnings: tuple[str, ...] = ()


def load(asked: Asked, environ: Mapping[str, str], *, may_be_empty: bool = False) -> Settings:
    """The profile to use. Raises Usage: nothing configured, an unknown key, a secret that is not there.

    `--api` (or $MCPSOAR_API, or $API) is a whole profile by itself; a named --profile or --config goes first.
    """
    _check(asked)
    api = asked.api or ("" if asked.profile or asked.config else _api(environ))
    if api:
        profile = _by_api(api, _token(environ))
    elif (path := _file(asked.config, environ)) is not None:
        profile = _by_file(path, asked.profile, environ)
    elif asked.profile is not None:
        raise Usage(
            f"there is no profile {asked.profile!r}: no settings file was found; write ./{FILE}, "
            "or leave --profile out and name an address",
            next_command="mcpsoar contain --help",
        )
    elif may_be_empty:
        profile = Profile("none", {}, None, "nothing configured")
    else:
        raise Usage(
            f"no control plane is configured: give --api URL, set $MCPSOAR_API, or write ./{FILE}",
            next_command="mcpsoar contain SERVER --api https://control-plane.example.com",
        )
    return Settings(profile, tuple(_warnings(profile)))


def home(asked: str | None, environ: Mapping[str, str]) -> Path:
    """Where runs and journals live. Raises Usage for a place that is no folder."""
    _is_said("--home", asked)
    named = asked or environ.get("MCPSOAR_HOME")
    if not named:
        from platformdirs import user_state_path

        return user_state_path("mcpsoar", appauthor=False)
    path = Path(named)
    try:
        is_folder = S_ISDIR(path.stat().st_mode)
    except OSError:
        return path  # not there yet, or for the first write to complain of
    if not is_folder:
        raise Usage("is no folder, and runs live in one", where=named)
    return path


def _check(asked: Asked) -> None:
    """What the command line says is meant: nothing of it is passed over. Raises Usage."""
    said = {"--config": asked.config, "--profile": asked.profile, "--api": asked.api}
    for option, value in said.items():
        _is_said(option, value)
    if asked.api is not None and asked.profile is not None:
        raise Usage("--api is a whole profile by itself: leave out --profile or --api")


def _is_said(option: str, value: str | None) -> None:
    if value is not None and not value.strip():
        raise Usage(f"{option} is empty (a variable that is not set?)")


def _api(environ: Mapping[str, str]) -> str:
    return environ.get("MCPSOAR_API") or environ.get("API") or ""


def _token(environ: Mapping[str, str]) -> Secret | None:
    text = environ.get("MCPSOAR_TOKEN", "")
    return Secret(text) if text else None


def _by_api(api: str, token: Secret | None) -> Profile:
    binding = Binding("reference", checked_url(api), token)
    return Profile("api", dict.fromkeys(ROLES, binding), None, "--api")


def _file(named: str | None, environ: Mapping[str, str]) -> Path | None:
    named = named or environ.get("MCPSOAR_CONFIG")
    if named:
        return Path(named)
    if Path(FILE).is_file():
        return Path(FILE)
    from platformdirs import user_config_path

    path = user_config_path("mcpsoar", appauthor=False) / FILE
    return path if path.is_file() else None


def _by_file(path: Path, asked: str | None, environ: Mapping[str, str]) -> Profile:
    import tomllib

    try:
        text = path.read_text("utf-8")
        said = tomllib.loads(text)
    except OSError as error:
        raise Usage(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Usage(f"is not TOML: {error}", where=str(path)) from None
    return _File(path, text, environ).profile(said, asked)


class _File:
    """One settings file; complaints name the line of the key."""

    def __init__(self, path: Path, text: str, environ: Mapping[str, str]) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._environ = environ
        self._section = ""  # the table that is being read: the same key stands in several

    def profile(self, said: dict[str, Any], asked: str | None) -> Profile:
        self._known(said, ("default_profile", "profiles"))
        profiles = said.get("profiles")
        if not isinstance(profiles, dict) or not profiles:
            raise self._bad("there is no [profiles.NAME] table", "profiles")
        only = next(iter(profiles)) if len(profiles) == 1 else None
        name = asked or said.get("default_profile") or only
        if name is None:
            raise self._bad(
                f"which profile? name one of: {', '.join(profiles)}", "profiles", "--profile NAME"
            )
        if not isinstance(profiles.get(name), dict):
            key = "profiles" if asked else "default_profile"
            raise self._bad(f"there is no profile {name!r}; there are: {', '.join(profiles)}", key)
        return self._made(name, profiles[name])

    def _made(self, name: str, table: dict[str, Any]) -> Profile:
        self._section = f"profiles.{name}"
        self._known(table, ("api", "token", *ROLES, "canary", *_SECONDS, *_COUNTS))
        roles: dict[str, Binding] = {}
        if "api" in table:
            binding = Binding("reference", self._url(table, "api"), self._secret(table))
            roles = dict.fromkeys(ROLES, binding)
        elif "token" in table:
            raise self._bad("this token goes with an api, and none is named; each role has its own", "token")
        numbers: dict[str, Any] = {key: self._seconds(table, key) for key in _SECONDS if key in table}
        numbers |= {key: self._count(table, key) for key in _COUNTS if key in table}
        for role in ROLES:
            if role in table:
                self._section = f"profiles.{name}.{role}"
                roles[role] = self._binding(self._table(table, role))
        if not roles:
            raise self._bad(f"profile {name!r} has neither api nor any of {', '.join(ROLES)}", name)
        self._section = f"profiles.{name}.canary"
        canary = self._canary(self._table(table, "canary")) if "canary" in table else None
        return Profile(name, roles, canary, str(self._path), **numbers)

    def _binding(self, table: dict[str, Any]) -> Binding:
        own = ("connector", "url", "token")
        connector = table.get("connector", "reference")
        if not isinstance(connector, str):
            raise self._bad("connector is a name", "connector")
        try:
            module = find.load(CONNECTORS, connector)
        except Usage as error:
            raise self._bad(error.message, "connector") from None
        self._known(table, (*own, *getattr(module, "OPTIONS", ())))
        return Binding(
            connector=connector,
            base_url=self._url(table, "url"),
            token=self._secret(table),
            options={key: value for key, value in table.items() if key not in own},
            where=self._place(self._section.rpartition(".")[2]),
        )

    def _canary(self, table: dict[str, Any]) -> CanaryBinding:
        numbers = ("hold_s", "every_s", "timeout_s", "before_s")
        self._known(table, ("url", "tool", "arguments", "token", "control", *numbers))
        url, tool = table.get("url"), table.get("tool")
        if not isinstance(url, str) or "{server}" not in url:
            raise self._bad("the canary's url holds {server}", "url")
        if not isinstance(tool, str) or not tool:
            raise self._bad("the canary's tool is the name of a harmless one", "tool")
        arguments, control = table.get("arguments", {}), table.get("control")
        if not isinstance(arguments, dict) or not isinstance(control, str | None):
            raise self._bad("arguments is a table, and control the name of a server", "arguments")
        checked_url(url.replace("{server}", "any"))
        return CanaryBinding(
            url=url,
            tool=tool,
            arguments=arguments,
            token=self._secret(table),
            control=control,
            **{key: self._seconds(table, key) for key in numbers if key in table},
        )

    def _secret(self, table: dict[str, Any]) -> Secret | None:
        if "token" not in table:
            return None
        return resolve(table["token"], self._environ, where=self._place("token"))

    def _url(self, table: dict[str, Any], key: str) -> str:
        if not isinstance(table.get(key), str):
            raise self._bad(f"{key} is an address", key)
        return checked_url(table[key])

    def _count(self, table: dict[str, Any], key: str) -> int:
        value = table[key]
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self._bad(f"{key} must be a whole number, 1 or more", key)
        return value

    def _seconds(self, table: dict[str, Any], key: str) -> float:
        value = table[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
            raise self._bad(f"{key} must be a number of seconds above 0", key)
        return float(value)

    def _table(self, table: dict[str, Any], key: str) -> dict[str, Any]:
        if not isinstance(table[key], dict):
            raise self._bad(f"{key} is a table", key)
        inner: dict[str, Any] = table[key]
        return inner

    def _known(self, table: dict[str, Any], keys: tuple[str, ...]) -> None:
        for key in table:
            if key not in keys:
                raise self._bad(f"unknown key {key!r}; known are {', '.join(keys)}", key)

    def _bad(self, message: str, key: str, next_command: str | None = None) -> Usage:
        return Usage(message, where=self._place(key), next_command=next_command)

    def _place(self, key: str) -> str:
        """The line of a key, looked for in its own table first; else the table's line, else the file's."""
        section, inside, elsewhere, header = "", None, None, 1
        for number, line in enumerate(self._lines, 1):
            bare = line.strip()
            if bare.startswith("["):
                section = bare.strip("[]").strip()
                header = number if section == self._section else header
                bare = section.rpartition(".")[2]
            if bare.split("=")[0].strip() == key:
                elsewhere = elsewhere or number
                inside = inside or (number if section == self._section else None)
        return f"{self._path}:{inside or elsewhere or header}"


def _warnings(profile: Profile) -> list[str]:
    bound = [(binding.base_url, binding.token) for binding in profile.roles.values()]
    if profile.canary is not None:
        bound.append((profile.canary.url, profile.canary.token))
    places = {
        urlsplit(url).netloc
        for url, token in bound
        if token is not None and urlsplit(url).scheme == "http" and urlsplit(url).hostname not in _LOOPBACK
    }
    return [f"warning: the token travels in the clear to {place}: use https" for place in sorted(places)]
