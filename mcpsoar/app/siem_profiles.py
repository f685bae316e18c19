"""The SIEM of a profile, as TOML has it; only the table that is asked for is read, and only its secret.

[profiles.prod.splunk]     # by the name of its plug-in, which says what keys there are beside these
url = "https://splunk.example.com:8089"
token = { env = "SPLUNK_TOKEN" }
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mcpsoar.app.settings import LOOPBACK
from mcpsoar.app.settings_file import File, read
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Binding
from mcpsoar.siems import installed

if TYPE_CHECKING:
    from mcpsoar.siems.asked import Siem


def api(siem: str) -> "Siem":
    """What connects to a SIEM. Raises Usage where there is none."""
    if siem not in installed.names():
        raise Usage(f"no siem named {siem!r} can be deployed to; there are: {', '.join(installed.names())}")
    return installed.siem(siem)


def binding(path: Path, asked: str | None, siem: str, environ: Mapping[str, str]) -> tuple[str, Binding]:
    """The profile's name, and where its SIEM is. Raises Usage with file:line."""
    said, text = read(path)
    file = File(path, text, environ)
    name, table = file.table_of(said, asked)
    own = api(siem).profile_keys
    if siem not in table:
        raise file.bad(f"profile {name!r} has no table [profiles.{name}.{siem}]", name)
    return name, _bound(file, file.inner(name, table, siem), siem, own)


def warnings(bound: Binding) -> list[str]:
    """Lines for a person: where the token would travel in the clear."""
    addresses = [bound.base_url, *(bound.options.get(key) for key in api(bound.connector).addresses)]
    places = {urlsplit(url).netloc for url in addresses if isinstance(url, str) and _is_open(url)}
    if bound.token is None:
        return []
    return [f"warning: the token travels in the clear to {one}: use https" for one in sorted(places)]


def _is_open(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


def _bound(file: File, table: dict[str, Any], siem: str, options: tuple[str, ...]) -> Binding:
    file.known(table, ("url", "token", *options))
    return Binding(
        connector=siem,
        base_url=file.url(table, "url"),
        token=file.secret(table),
        options={key: value for key, value in table.items() if key in options},
        where=file.place(siem),
    )
