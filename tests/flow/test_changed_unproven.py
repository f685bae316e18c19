"""What a release says of changes since is what was seen: nothing of what is never undone, and no guess."""

import re
import shlex
import time
from pathlib import Path

import pytest

from mcpsoar.lab.faults import Fault
from mcpsoar.lab.records import Token, TokenKind
from mcpsoar.lab.serving import Handle
from tests.contract.token_service import AUDIENCE, TokenService
from tests.flow.test_changed_since import MARKED, described, edited, is_on, writes
from tests.flow.test_changed_since import plane as reference
from tests.flow.test_contain_issuance import ISSUANCE, PAIR, SETTINGS, plane, service
from tests.flow.typed import Ran, ran

Captured = pytest.CaptureFixture[str]
__all__ = ["plane", "reference", "service"]  # fixtures
RELEASE = ("release", "github", "--yes")


def without_issuance(service: TokenService, plane: Handle) -> None:
    Path("mcpsoar.toml").write_text(SETTINGS.format(plane=plane.url, service=service.url, audience=AUDIENCE))


def without(action: str) -> str:
    """Takes the tables of one action out of the settings; what they were before."""
    whole = Path("mcpsoar.toml").read_text()
    parts = re.split(r"(?m)^(?=\[)", whole)
    Path("mcpsoar.toml").write_text(
        "".join(part for part in parts if f'"{action}"' not in part.split("]")[0])
    )
    return whole


def next_of(done: Ran) -> str:
    return next(line for line in done.err.splitlines() if line.startswith("  next "))[9:]


def test_a_revocation_that_was_proven_is_not_called_undone(
    capsys: Captured, service: TokenService, plane: Handle
) -> None:
    without_issuance(service, plane)
    assert "verified           revoke:github" in ran(capsys, "contain", "github").out
    done = ran(capsys, *RELEASE)
    assert "there is no way back" in done.out
    assert [line for line in done.err.splitlines() if "since" in line] == []


def test_nor_is_one_whose_clients_fetched_new_tokens(reference: Handle, capsys: Captured) -> None:
    assert ran(capsys, "contain", "github", "-q").code == 0
    reference.plane.issue("new", Token("new", TokenKind.OPAQUE, ("github",), time.time() + 3600))
    done = ran(capsys, *RELEASE)
    assert done.code == 0
    assert [line for line in done.err.splitlines() if "since" in line] == []


def test_what_cannot_be_read_is_not_called_undone(reference: Handle, capsys: Captured) -> None:
    assert ran(capsys, "contain", "github", "-q").code == 0
    reference.plane.set_state("github", "enabled")
    reference.faults.set(Fault.STATUS, "registry.get", status=503, nth=tuple(range(2, 99)))
    done = ran(capsys, *RELEASE, "--dry-run")
    assert "undone since by" not in done.err
    assert "disable:github: whether it was undone since cannot be told: " in done.err


def test_options_of_ones_own_are_not_somebody_elses(
    reference: Handle, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    described(reference, monkeypatch, ('facts = ["/environment"]', MARKED))
    assert ran(capsys, "contain", "github", "-q").code == 0
    edited(reference)
    done = ran(capsys, *RELEASE)
    words = (
        "mcpsoar: github: changed since the containment; nothing was sent; if it may be undone all the same"
    )
    assert f"{words}, add --changed-too\n" in done.err


@pytest.mark.parametrize("more", [(), ("--changed-too",), ("--dry-run",)])
def test_a_table_that_an_undo_needs_is_to_be_put_back(
    capsys: Captured, service: TokenService, plane: Handle, more: tuple[str, ...]
) -> None:
    ran(capsys, "contain", "github")
    assert service.stopped == PAIR
    before = len(writes(plane))
    whole = Path("mcpsoar.toml").read_text()
    without_issuance(service, plane)
    done = ran(capsys, *RELEASE, *more)
    assert done.code == 2
    assert "put the table issuance back" in done.err
    assert "--changed-too" not in done.err
    assert "mcpsoar.toml" in done.err
    assert (service.stopped, len(writes(plane))) == (PAIR, before)
    Path("mcpsoar.toml").write_text(whole)
    again = ran(capsys, *shlex.split(next_of(done))[1:])
    assert again.code == 0, again.out + again.err
    assert service.stopped == (PAIR if "--dry-run" in more else set())


def test_a_table_that_was_edited_since_is_gone_past_on_request(
    capsys: Captured, service: TokenService, plane: Handle
) -> None:
    ran(capsys, "contain", "github")
    text = Path("mcpsoar.toml").read_text()
    assert ISSUANCE in text
    Path("mcpsoar.toml").write_text(text.replace("status = 404", "status = [404, 410]"))
    before = len(writes(plane))
    done = ran(capsys, *RELEASE)
    assert (done.code, len(writes(plane))) == (1, before)
    assert "issuance of the profile was as it was contained by, is edited since" in done.err
    assert ran(capsys, *shlex.split(next_of(done))[1:]).code == 0
    assert not service.stopped


def test_an_action_that_the_profile_no_longer_describes_too(
    reference: Handle, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    described(reference, monkeypatch)
    assert ran(capsys, "contain", "github", "-q").code == 0
    whole = without("registry.disable")
    before = len(writes(reference))
    done = ran(capsys, *RELEASE)
    assert (done.code, len(writes(reference))) == (2, before), done.err
    assert 'put the table actions."registry.disable" back' in done.err
    assert not is_on(reference, "github")
    Path("mcpsoar.toml").write_text(whole)
    assert ran(capsys, *shlex.split(next_of(done))[1:]).code == 0
    assert is_on(reference, "github")


def test_an_action_that_is_never_undone_may_be_gone(
    reference: Handle, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    described(reference, monkeypatch)
    assert ran(capsys, "contain", "github", "-q").code == 0
    without("tokens.revoke")
    done = ran(capsys, *RELEASE)
    assert (done.code, is_on(reference, "github")) == (0, True), done.out + done.err
    assert "revoke:github: nothing was sent: there is no way back" in done.out
