"""An archive is its content, and nothing of when or where it was made."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mcpsoar.audit.archive import packed
from mcpsoar.audit.sign import sign
from mcpsoar.audit.sshsig import Signature
from mcpsoar.core.profile import Signing
from mcpsoar.kit.clock import SystemClock
from tests.audit.keys import made
from tests.audit.test_statement import SAID

AT = datetime(2026, 3, 1, 0, 0, 8, tzinfo=UTC)
FILES = {"journal.jsonl": b"{}\n", "report.md": b"# A run\n"}


@pytest.fixture
def signature(tmp_path: Path) -> Signature:
    made(tmp_path / "key")
    signing = Signing(str(tmp_path / "key"), is_file=True)
    return sign(SAID.text.encode(), signing, clock=SystemClock(), wait_s=1)


def test_every_file_has_the_run_s_time_and_is_for_its_owner(signature: Signature) -> None:
    said = replace(SAID, signer="oncall@example.com")
    made_at = packed(said, FILES, signature, AT)
    assert made_at == packed(said, dict(reversed(FILES.items())), signature, AT)
    with zipfile.ZipFile(io.BytesIO(made_at)) as archive:
        infos = archive.infolist()
        assert {info.date_time for info in infos} == {(2026, 3, 1, 0, 0, 8)}
        assert {info.external_attr >> 16 for info in infos} == {0o100600}
        assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}
        names = [info.filename.removeprefix(f"mcpsoar-run-{SAID.run}/") for info in infos]
    assert names == sorted(
        ["CHECK.txt", "check.py", "head.txt", "head.txt.sig", "allowed_signers", *FILES], key=str
    )


def test_a_clock_before_zips_were_made_is_no_error() -> None:
    assert packed(SAID, FILES, None, datetime(1970, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("is_signed", [True, False])
def test_what_check_says_can_be_done_can(signature: Signature, *, is_signed: bool) -> None:
    said = replace(SAID, signer="oncall@example.com" if is_signed else None)
    with zipfile.ZipFile(io.BytesIO(packed(said, FILES, signature if is_signed else None, AT))) as archive:
        text = archive.read(f"mcpsoar-run-{SAID.run}/CHECK.txt").decode()
        files = {name.rpartition("/")[2] for name in archive.namelist()}
    assert ("ssh-keygen -Y verify" in text) is is_signed
    assert ("head.txt.sig" in files) is is_signed
    assert ("this run is unsigned" in text) is not is_signed
    assert f"python3 -I check.py {SAID.head}" in text
    assert not [line for line in text.splitlines() if "{" in line or len(line) > 130]
