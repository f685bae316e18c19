"""One run as one archive that can be checked without us: journal, anchor, head, signature, reports."""

import json
import os
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mcpsoar.app import run_page, sealing
from mcpsoar.app.report import document
from mcpsoar.audit.archive import packed
from mcpsoar.audit.statement import Statement
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Chain, read
from mcpsoar.contain.ledger import Ledger
from mcpsoar.contain.summary import report
from mcpsoar.core.digest import Facts, sha256
from mcpsoar.core.errors import Unsupported, Usage
from mcpsoar.core.run import Report
from mcpsoar.kit import jsonl

_MODE = 0o600
_JOURNAL = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Exported:
    """`signature` is as reports have it: its `state`, and `key` and `signer` or `why` not."""

    path: Path
    size_bytes: int
    digest: str
    statement: Statement
    signature: Facts
    is_anchored: bool


def export(home: Path, run: str, out: Path, *, force: bool = False) -> Exported:
    """Write the archive of one run to `out`, for the owner alone. The same run is the same bytes.

    A run whose anchor is gone, or which was interrupted, is exported as it is. Raises Usage (no such run, at
    work, `out` is there already and not `force`), Tampered, Unsupported (`out` cannot be written).
    """
    house = Home(home)
    run = house.named(run)
    if out.exists() and not force:
        raise _is_there(out)
    if house.is_live(run):
        raise Usage(f"run {run} is still at work: export it when it has ended")
    chain = read(house.journal(run), house.anchor(run), run)
    if chain.is_unanchored:
        chain = replace(chain, problem=None)
    ledger = sealing.whole(run, chain)
    statement = sealing.stated(run, chain, ledger)
    seal = sealing.kept(house, run)
    is_signed = seal is not None and sealing.is_of(seal, statement)
    made = report(ledger, path=_JOURNAL, head=chain.head, is_live=False)
    told = sealing.shown(house, run, made, statement)
    data = packed(
        seal.statement if seal and is_signed else statement,
        _files(house, run, chain, told),
        seal.signature if seal and is_signed else None,
        _at(ledger),
    )
    _write(out, data, force=force)
    signature: Facts = told.extra["signature"]
    return Exported(out, len(data), sha256(data), statement, signature, not chain.is_unanchored)


def _files(house: Home, run: str, chain: Chain, told: Report) -> dict[str, bytes]:
    raw = jsonl.regular_bytes(house.journal(run))
    files = {
        _JOURNAL: raw[: chain.length],
        "report.json": (json.dumps(document(told), indent=2) + "\n").encode("ascii"),
        "report.md": run_page.page(told, chain.entries).encode("utf-8"),
    }
    if chain.torn:
        files["journal.torn"] = chain.torn
    if not chain.is_unanchored and house.anchor(run).exists():
        files["anchor.json"] = jsonl.regular_bytes(house.anchor(run))
    return files


def _at(ledger: Ledger) -> datetime:
    return datetime.fromisoformat(ledger.ended_at or ledger.started_at)


def _write(out: Path, data: bytes, *, force: bool) -> None:
    """Whole or not at all; what lies at `out` is replaced and never written through."""
    new = out.with_name(f".{out.name}.{secrets.token_hex(4)}") if force else out
    try:
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    except FileExistsError:
        raise _is_there(out) from None
    except OSError as error:
        raise _unwritable(out, error) from None
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
        if force:
            new.replace(out)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise _unwritable(out, error) from None


def _is_there(out: Path) -> Usage:
    return Usage("is there already: name another file, or --force", where=str(out))


def _unwritable(out: Path, error: OSError) -> Unsupported:
    return Unsupported(f"cannot be written: {error.strerror}", where=str(out))
