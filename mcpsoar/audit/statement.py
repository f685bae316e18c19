"""What is signed of a run: one short text that names its journal's head, for people and programs alike."""

import re
from dataclasses import dataclass

_TITLE = "mcpsoar run"
_SHAPE = re.compile(
    rf"{_TITLE}\n"
    r"run (?P<run>[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6})\n"
    r"lines (?P<lines>0|[1-9][0-9]{0,9})\n"
    r"head (?P<head>sha256:[0-9a-f]{64})\n"
    r"verdict (?P<verdict>[a-z_]+)\n"
    r"ended_at (?P<ended_at>[0-9TZ:.+-]+)\n"
    r"signer (?P<signer>[A-Za-z0-9._@+-]+)\n"
)
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Statement:
    """`lines` of the journal come to `head`; `ended_at` is None for a run without an end, `signer` (who they
    are in an allowed_signers file) for one that nobody signed.
    """

    run: str
    lines: int
    head: str
    verdict: str
    ended_at: str | None
    signer: str | None = None

    @property
    def text(self) -> str:
        """One spelling, line by line; what a signature covers is this in ASCII."""
        return (
            f"{_TITLE}\nrun {self.run}\nlines {self.lines}\nhead {self.head}\n"
            f"verdict {self.verdict}\nended_at {self.ended_at or _NONE}\nsigner {self.signer or _NONE}\n"
        )


def parsed(text: str) -> Statement:
    """A statement from its text. Raises ValueError for any other spelling."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError("it is no statement of a run")
    return Statement(
        run=found["run"],
        lines=int(found["lines"]),
        head=found["head"],
        verdict=found["verdict"],
        ended_at=_said(found["ended_at"]),
        signer=_said(found["signer"]),
    )


def _said(word: str) -> str | None:
    return None if word == _NONE else word
