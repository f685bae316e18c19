"""The text that is signed has one spelling."""

import pytest

from mcpsoar.audit.statement import Statement, parsed

SAID = Statement("20260301T000000Z-0a1b2c", 12, "sha256:" + "7" * 64, "contained", "2026-03-01T00:00:09.000Z")


@pytest.mark.parametrize("ended_at", [SAID.ended_at, None])
def test_it_is_read_as_it_was_written(ended_at: str | None) -> None:
    for signer in ("oncall@example.com", None):
        said = Statement(SAID.run, SAID.lines, SAID.head, "interrupted", ended_at, signer)
        assert parsed(said.text) == said


def test_any_other_spelling_is_refused() -> None:
    for at in range(len(SAID.text)):
        for other in (SAID.text[:at] + SAID.text[at + 1 :], SAID.text[:at] + "\t" + SAID.text[at:]):
            try:
                assert parsed(other) != SAID
            except ValueError:
                continue
