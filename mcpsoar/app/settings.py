"""Where control planes are, and by which secrets: TOML and the environment, made into a profile.

A token that would travel over plain http to another machine is sent, with a warning: an emergency is no time
to learn a new rule, and the control plane may be in a network of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from urllib.parse import urlsplit

from mcpsoar.app.profiles import by_file
from mcpsoar.app.secrets import NotThere
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import BY_API, ROLES, Binding, Profile
from mcpsoar.core.secret import Secret
from mcpsoar.kit.http import checked_url

FILE = "mcpsoar.toml"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


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


def load(
    asked: Asked,
    environ: Mapping[str, str],
    *,
    may_be_empty: bool = False,
    command: str = "mcpsoar contain SERVER",
) -> Settings:
    """The profile to use. Raises Usage: nothing configured, an unknown key, a secret that is not there.

    `command` is what was typed, for the next one.
    `--api` (or $MCPSOAR_API, or $API) is a whole profile by itself; a named --profile or --config goes first.
    """
    if asked.api is not None and asked.profile is not None:
        raise Usage("--api is a whole profile by itself: leave out --profile or --api")
    lacking: list[str] = []
    api = asked.api or ("" if asked.profile or asked.config else _api(environ))
    if api:
        profile = _by_api(api, _token(environ))
    elif (path := file(asked.config, environ)) is not None:
        try:
            profile, lacking = by_file(path, asked.profile, environ)
        except Usage as error:
            _help(error, command)
            raise
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
            next_command=f"{command} --api https://control-plane.example.com",
        )
    return Settings(profile, (*(f"warning: {words}" for words in lacking), *_warnings(profile)))


def _help(error: Usage, command: str) -> None:
    """Say what goes without a secret that is not there, and make a command of what is only its options."""
    if isinstance(error, NotThere):
        error.message += (
            "; nothing was sent: until it is there, give it another way (a list of tokens is tried in "
            "order), or use a profile that goes without"
        )
    elif (options := error.next_command or "").startswith("--"):
        error.next_command = f"{command} {options}"


def home(asked: str | None, environ: Mapping[str, str], command: str | None = None) -> Path:
    """Where runs and journals live. Raises Usage for a place that is no folder, with the next `command`."""
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
        raise Usage(
            "is no folder, and runs live in one",
            where=named,
            next_command=f"{command} --home ANOTHER_DIR" if command else None,
        )
    return path


def file(named: str | None, environ: Mapping[str, str]) -> Path | None:
    """The settings file: the one that is named, here, or the user's; None where there is none."""
    named = named or environ.get("MCPSOAR_CONFIG")
    if named:
        return Path(named)
    if Path(FILE).is_file():
        return Path(FILE)
    from platformdirs import user_config_path

    path = user_config_path("mcpsoar", appauthor=False) / FILE
    return path if path.is_file() else None


def _api(environ: Mapping[str, str]) -> str:
    return environ.get("MCPSOAR_API") or environ.get("API") or ""


def _token(environ: Mapping[str, str]) -> Secret | None:
    text = environ.get("MCPSOAR_TOKEN", "")
    return Secret(text) if text else None


def _by_api(api: str, token: Secret | None) -> Profile:
    binding = Binding("reference", checked_url(api), token)
    return Profile(BY_API, dict.fromkeys(ROLES, binding), None, "--api")


def _warnings(profile: Profile) -> list[str]:
    bound: list[tuple[str, Secret | None]] = [
        (binding.base_url, token) for binding in profile.roles.values() for token in binding.secrets
    ]
    bound += [(one.url, token) for one in profile.canaries.values() for token in one.tokens if token]
    places = {
        urlsplit(url).netloc
        for url, token in bound
        if token is not None and urlsplit(url).scheme == "http" and urlsplit(url).hostname not in LOOPBACK
    }
    return [f"warning: the token travels in the clear to {place}: use https" for place in sorted(places)]
