"""A command as it is typed: its exit code, and what it said on which stream."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from mcpsoar.cli.main import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The answer of --format json."""
        return json.loads(self.out)


def ran(capsys: pytest.CaptureFixture[str], *words: str) -> Ran:
    """Run one command in this process."""
    code = main(list(words))
    said = capsys.readouterr()
    return Ran(code, said.out, said.err)
