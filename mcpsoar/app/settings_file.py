"""One settings file as it stands: its tables by name, and complaints at the line of a key."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mcpsoar.app.secret_commands import Commands
from mcpsoar.app.secrets import NotThere, resolved
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Network
from mcpsoar.core.secret import Secret
from mcpsoar.kit.budget import LEAST
from mcpsoar.kit.http import checked_url

NETWORK = ("proxy", "ca", "certificate", "key")
CALLS = "calls_per_minute"


def read(path: Path) -> tuple[dict[str, Any], str]:
    """A settings file, parsed and as it stands. Raises Usage."""
    import tomllib

    try:
        text = path.read_text("utf-8")
        return tomllib.loads(text), text
    except OSError as error:
        raise Usage(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Usage(f"is not TOML: {error}", where=str(path)) from None


class File:
    """One settings file; complaints name the line of the key. `lacking`: which tokens are not there."""

    def __init__(self, path: Path, text: str, environ: Mapping[str, str]) -> None:
        self._path = path
        self._text = text
        self._lines = text.splitlines()
        self._environ = environ
        self._commands = Commands()
        self._section = ""  # the table that is being read: the same key stands in several
        self._network = Network()
        self.lacking: list[str] = []

    def table_of(self, said: dict[str, Any], asked: str | None) -> tuple[str, dict[str, Any]]:
        """The name of the profile that is meant, and its table."""
        self.known(said, ("default_profile", "profiles"))
        profiles = said.get("profiles")
        if not isinstance(profiles, dict) or not profiles:
            raise self.bad("there is no [profiles.NAME] table", "profiles")
        only = next(iter(profiles)) if len(profiles) == 1 else None
        name = asked or said.get("default_profile") or only
        if name is None:
            raise self.bad(f"which profile? name one of: {', '.join(profiles)}", "profiles", "--profile NAME")
        if not isinstance(profiles.get(name), dict):
            key = "profiles" if asked else "default_profile"
            words = f"there is no profile {name!r}; there are: {', '.join(profiles)}"
            raise self.bad(words, key, f"--profile {shlex.quote(only or 'NAME')}")
        return name, profiles[name]

    def inner(self, place: str, table: dict[str, Any], key: str) -> dict[str, Any]:
        """A table of a profile, or of one in it (`prod.canary`); complaints name its lines from now on."""
        self._section = f"profiles.{place}.{key}"
        return self._table(table, key)

    def calls(self, table: dict[str, Any]) -> int | None:
        """The limit of this table's host; None where it says none."""
        return self._count(table, CALLS, least=LEAST) if CALLS in table else None

    def secret(self, table: dict[str, Any]) -> Secret | None:
        """The first token that is there; None where none is named."""
        return next(iter(self._tokens(table)), None)

    def proving(self, table: dict[str, Any]) -> Secret | None:
        """A token that changes nothing, only proves: where there is none the rest goes on, and it is told."""
        try:
            return self.secret(table)
        except NotThere as lacking:
            self.lacking.append(f"{lacking}: the canary calls without a token, and can prove nothing")
            return None

    def _tokens(self, table: dict[str, Any]) -> tuple[Secret, ...]:
        """In the order of trying."""
        if "token" not in table:
            return ()
        found, lacking = resolved(table["token"], self._environ, self._commands, where=self.place("token"))
        self.lacking += lacking
        return found

    def connected(self, table: dict[str, Any]) -> Network:
        """How this table connects: what it does not say is as the profile says."""
        said = {key: self._said(table, key) for key in NETWORK if key in table}
        if ("key" in said) and "certificate" not in said and self._network.certificate is None:
            raise self.bad("this key goes with a certificate, and none is named", "key")
        return replace(self._network, **said)

    def _said(self, table: dict[str, Any], key: str) -> str:
        value = table[key]
        if not isinstance(value, str) or not value:
            raise self.bad(f"{key} is {'an address' if key == 'proxy' else 'the path of a PEM file'}", key)
        if key == "proxy":
            return value if value == "none" else self.address(value, key)
        path = Path(value).expanduser()
        if not path.is_file():
            raise self.bad(f"there is no file {value}", key)
        return str(path)

    def url(self, table: dict[str, Any], key: str) -> str:
        if not isinstance(table.get(key), str):
            raise self.bad(f"{key} is an address", key)
        return self.address(table[key], key)

    def address(self, text: str, key: str) -> str:
        try:
            return checked_url(text)
        except Usage as error:
            raise self.bad(error.message, key) from None

    def _count(self, table: dict[str, Any], key: str, *, least: int = 1) -> int:
        value = table[key]
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.bad(f"{key} must be a whole number, {least} or more", key)
        return value

    def _texts(self, table: dict[str, Any], key: str) -> tuple[str, ...]:
        value = table[key]
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.bad(f"{key} is a list of texts", key)
        return tuple(value)

    def seconds(self, table: dict[str, Any], key: str) -> float:
        value = table[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
            raise self.bad(f"{key} must be a number of seconds above 0", key)
        return float(value)

    def _table(self, table: dict[str, Any], key: str) -> dict[str, Any]:
        if not isinstance(table[key], dict):
            raise self.bad(f"{key} is a table", key)
        inner: dict[str, Any] = table[key]
        return inner

    def known(self, table: dict[str, Any], keys: tuple[str, ...]) -> None:
        for key in table:
            if key not in keys:
                raise self.bad(f"unknown key {key!r}; known are {', '.join(keys)}", key)

    def bad(self, message: str, key: str, next_command: str | None = None) -> Usage:
        return Usage(message, where=self.place(key), next_command=next_command)

    def place(self, key: str) -> str:
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
