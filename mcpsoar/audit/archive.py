"""The archive of one run: a zip that is the same bytes whenever and wherever it is made from the same run."""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from mcpsoar.audit.key import PublicKey
from mcpsoar.audit.sshsig import NAMESPACE, Signature
from mcpsoar.audit.statement import Statement
from mcpsoar.audit.trust import line

_MODE = 0o600
_UNIX = 3  # zip's number for the system that the mode is of
_HANDED = Path(__file__).parent / "archived"
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # zip knows no earlier day


def packed(
    statement: Statement,
    files: Mapping[str, bytes],
    signature: Signature | None,
    at: datetime,
) -> bytes:
    """All of it, stored and not compressed: compressors differ. `at` (UTC) is every file's time."""
    folder = f"mcpsoar-run-{statement.run}"
    content = {
        "CHECK.txt": _words(statement, signature.key if signature else None, folder).encode(),
        "check.py": (_HANDED / "check.py").read_bytes(),
        "head.txt": statement.text.encode(),
        **({"head.txt.sig": signature.text.encode()} if signature else {}),
        **({"allowed_signers": line(signature.key, statement.signer or "").encode()} if signature else {}),
        **files,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(content):
            info = zipfile.ZipInfo(f"{folder}/{name}", max(_EARLIEST, at.timetuple()[:6]))
            info.create_system = _UNIX
            info.external_attr = (0o100000 | _MODE) << 16
            archive.writestr(info, content[name])
    return buffer.getvalue()


def _words(statement: Statement, key: PublicKey | None, folder: str) -> str:
    """CHECK.txt; what it says of the second step depends on whether there is a signature."""
    text = (_HANDED / "CHECK.txt").read_text("utf-8")
    if key is None:
        before, _, rest = text.partition("{signed}")
        text = f"{before}{{signed}}\n\nWhat is here{rest.partition('What is here')[2]}"
    return text.format(
        run=statement.run,
        folder=folder,
        head=statement.head,
        identity=statement.signer,
        namespace=NAMESPACE,
        signed="OpenSSH, since 8.1, can say:" if key else _UNSIGNED,
        key=f"Its fingerprint is {key.fingerprint}" if key else "",
    )


_UNSIGNED = (
    "Nobody: this run is unsigned. What remains is the head: compare the one\n"
    "   that check.py prints with the one that was noted in the ticket or the chat at the time."
)
