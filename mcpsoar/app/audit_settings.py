"""Who signs runs, as TOML has it.

[profiles.prod.audit]
key = { file = "/etc/mcpsoar/audit_ed25519" }      # or { agent = "SHA256:…" }, or its comment
identity = "oncall@example.com"                    # the signer's name in an allowed_signers file
allowed_signers = "/etc/mcpsoar/allowed_signers"   # whom `runs verify` trusts, instead of this key alone
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcpsoar.app.settings_file import File, read
from mcpsoar.core.profile import Signing

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")  # one word of an allowed_signers file, and no pattern
_KINDS = ("file", "agent")


def signing(file: File, name: str, table: dict[str, Any], environ: Mapping[str, str]) -> Signing:
    """The audit table of a profile. Reads no key. Raises Usage with file:line."""
    said = file.inner(name, table, "audit")
    file.known(said, ("key", "identity", "allowed_signers"))
    named = "key" if "key" in said else "audit"
    key = said.get("key")
    kind, which = next(iter(key.items())) if isinstance(key, dict) and len(key) == 1 else ("", None)
    if kind not in _KINDS or not isinstance(which, str) or not which.strip():
        raise file.bad('a key is named, not written: { file = "PATH" } or { agent = "SHA256:…" }', named)
    identity = said.get("identity", "mcpsoar")
    if not isinstance(identity, str) or not _NAME.fullmatch(identity):
        raise file.bad("identity is one word, like oncall@example.com", "identity")
    signers = said.get("allowed_signers")
    if signers is not None and (not isinstance(signers, str) or not signers):
        raise file.bad("allowed_signers is the path of a file", "allowed_signers")
    return Signing(
        key=which.strip(),
        is_file=kind == "file",
        identity=identity,
        allowed_signers=signers,
        agent=environ.get("SSH_AUTH_SOCK") or None,
        where=file.place("audit"),
    )


def of_profile(path: Path, named: str | None, own: str, environ: Mapping[str, str]) -> Signing | None:
    """The audit table of the profile that is named, or of a run's `own`; no other secret is looked up.

    None where the run's own is not there or says nothing of it. Raises Usage.
    """
    said, text = read(path)
    file = File(path, text, environ)
    if named is None and own not in _tables(said):
        return None
    name, table = file.table_of(said, named or own)
    return signing(file, name, table, environ) if "audit" in table else None


def _tables(said: dict[str, Any]) -> dict[str, Any]:
    profiles = said.get("profiles")
    return profiles if isinstance(profiles, dict) else {}
