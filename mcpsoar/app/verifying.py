"""What a journal is worth: its chain, held against a noted head or its anchor, and its signature."""

from dataclasses import dataclass
from pathlib import Path

from mcpsoar.app.sealing import Seal, is_of, kept, stated
from mcpsoar.audit.trust import Trust
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Chain, read
from mcpsoar.contain.ledger import fold
from mcpsoar.core.errors import Tampered
from mcpsoar.core.verdict import Verdict, worst

UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class Check:
    """YES: as it was written. NO: it is not, or signed by the wrong key. CANNOT_TELL: a crash left it
    unfinished, it `is_unanchored`, or a signature was asked for and there is none.

    `signature` is in words: `unsigned`, or whose it is.
    """

    run: str
    verdict: Verdict
    detail: str
    count: int
    head: str
    signature: str
    is_unanchored: bool = False


def verify(home: Path, run: str, head: str | None = None, trust: Trust | None = None) -> Check:
    """Check a journal against its chain, and against a head noted at the time or else its anchor; and its
    signature against those who are trusted. One that is trusted stands in for an anchor that is gone.

    Raises Usage when there is no such run.
    """
    house = Home(home)
    run = house.named(run)
    chain = read(house.journal(run), house.anchor(run), run)
    try:
        seal = kept(house, run)
    except Tampered as trouble:
        verdict, detail = _judged(chain, head)
        told = detail if verdict is Verdict.NO else str(trouble)
        return Check(run, Verdict.NO, told, chain.count, chain.head, "bad", chain.is_unanchored)
    signature, words, counts = _signed(run, chain, seal, trust)
    is_anchored_by_it = chain.is_unanchored and counts and signature is Verdict.YES
    verdict, detail = _judged(chain, chain.head if head is None and is_anchored_by_it else head)
    if is_anchored_by_it and head is None:
        detail = f"{chain.count} lines, chained, and as its signature says; its anchor is gone"
    if verdict is not Verdict.NO and signature is not Verdict.YES:
        detail = words if verdict is Verdict.YES or signature is Verdict.NO else f"{detail}; {words}"
        verdict = worst((verdict, signature))
    if verdict is Verdict.CANNOT_TELL and house.is_live(run):
        detail = f"the run is still at work; {detail}"
    is_unanchored = chain.is_unanchored and head is None and not is_anchored_by_it
    return Check(run, verdict, detail, chain.count, chain.head, words, is_unanchored)


def _signed(run: str, chain: Chain, seal: Seal | None, trust: Trust | None) -> tuple[Verdict, str, bool]:
    """What the signature adds, in words, and whether it counts as proof of this very head."""
    if seal is None:
        return (Verdict.YES if trust is None else Verdict.CANNOT_TELL), UNSIGNED, False
    key = seal.signature.key
    name = f"{seal.statement.signer}, {key.fingerprint}"
    said = seal.statement
    if chain.heads[said.lines - 1 : said.lines] != (said.head,):
        return Verdict.NO, f"the {said.lines} lines that were signed ({name}) are not in this journal", False
    untold = Verdict.YES, "a key that nobody here was told to trust"
    verdict, whose = untold if trust is None else trust.judged(key, said.signer or "")
    words = f"signed by {name}: {whose}"
    if verdict is not Verdict.YES:
        return verdict, words, False
    if said.lines < chain.count:
        later = f"{chain.count - said.lines} lines were added since"
        return (Verdict.YES if trust is None else Verdict.CANNOT_TELL), f"{words}; {later}", False
    ledger, _ = fold(chain)
    if ledger is not None and not is_of(seal, stated(run, chain, ledger)):
        return Verdict.NO, f"{words}: of another end than this journal's", False
    return Verdict.YES, words, trust is not None


def _judged(chain: Chain, head: str | None) -> tuple[Verdict, str]:
    if chain.problem is not None and not chain.is_unanchored:
        return Verdict.NO, chain.problem
    if head is not None and head not in chain.heads:
        return Verdict.NO, f"no line of this journal has the head {head}"
    if head is not None and head != chain.head:
        later = chain.count - 1 - chain.heads.index(head)
        return Verdict.CANNOT_TELL, f"whole up to that head; {later} lines were added since"
    if chain.torn:
        return Verdict.CANNOT_TELL, "whole but for a torn last line, as a crash leaves it: resume the run"
    if chain.is_unanchored and head is None:
        missing = "their anchor is gone: compare with the head that was noted at the time, --head sha256:…"
        return Verdict.CANNOT_TELL, f"{chain.count} lines, chained, but {missing}"
    if chain.beyond and head is None:
        return Verdict.CANNOT_TELL, "one line longer than its anchor, as a crash leaves it: resume the run"
    against = "the head that was noted" if head is not None else "its anchor"
    return Verdict.YES, f"{chain.count} lines, chained, and as {against} says"
