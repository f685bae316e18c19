"""The seal of a run: the text that names its journal's head, signed, and kept beside the journal.

A run is sealed when it has ended and all its locks are free: neither a slow agent nor a lost key delays or
endangers a containment. Without a signature the run is `unsigned`, and says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mcpsoar.audit import sshsig
from mcpsoar.audit.sign import sign
from mcpsoar.audit.sshsig import Signature
from mcpsoar.audit.statement import Statement, parsed
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Chain, read
from mcpsoar.contain.ledger import Ledger, fold
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Tampered, Trouble, Unwritable, Usage
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Signing
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict
from mcpsoar.kit import jsonl
from mcpsoar.kit.crew import Crew, wait_for

AT_THE_END_S = 3.0  # how long a report waits for each answer of ssh-agent
WHOLE_S = 5.0  # and for its signature at all: a key may lie on a disk that hangs
_FILE = "seal.txt"


@dataclass(frozen=True, slots=True)
class Seal:
    """What was signed of a run, and by whom."""

    statement: Statement
    signature: Signature


def stated(run: str, chain: Chain, ledger: Ledger) -> Statement:
    """What there is to sign of a run as it stands."""
    verdict = ledger.verdict or RunVerdict.INTERRUPTED
    return Statement(run, chain.count, chain.head, verdict.value, ledger.ended_at)


def whole(run: str, chain: Chain) -> Ledger:
    """The state of a run whose journal is as it was written. Raises Tampered, and Usage without a plan."""
    ledger, problem = fold(chain)
    if problem is not None:
        raise Tampered(problem, next_command=f"mcpsoar runs verify {run}")
    if ledger is None:
        raise Usage(f"run {run} was killed before it wrote a plan: nothing was sent")
    return ledger


def kept(house: Home, run: str) -> Seal | None:
    """The seal beside a run's journal, None where there is none.

    Raises Tampered for one that is none or whose signature is bad.
    """
    path = _path(house, run)
    try:
        text = jsonl.regular_bytes(path).decode("ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(path, f"the seal cannot be read: {type(error).__name__}") from None
    said, begin, signed = text.partition("-----BEGIN")
    try:
        seal = Seal(parsed(said), sshsig.parsed(begin + signed))
    except ValueError as error:
        raise Tampered(
            f"this is no seal of a run: {error}", where=str(path), next_command=f"mcpsoar runs verify {run}"
        ) from None
    if seal.statement.run != run or not seal.signature.is_of(said.encode()):
        raise _bad(path, "this signature is not of this run")
    return seal


def make(house: Home, run: str, signing: Signing, *, clock: Clock, wait_s: float) -> Seal:
    """Sign the head of a run as it stands, and keep the seal.

    Raises Usage (no such key; nothing to sign; at work), Denied (ssh-agent), Tampered, Unwritable.
    """
    if house.is_live(run):
        raise Usage(f"run {run} is still at work: it is signed at its end")
    chain = read(house.journal(run), house.anchor(run), run)
    statement = replace(stated(run, chain, whole(run, chain)), signer=signing.identity)
    signature = sign(statement.text.encode(), signing, clock=clock, wait_s=wait_s)
    jsonl.replace(_path(house, run), (statement.text + signature.text).encode())
    return Seal(statement, signature)


def sealed(
    report: Report,
    signing: Signing | None,
    house: Home,
    *,
    clock: Clock,
    say: Callable[[str], None],
    complete: Callable[[str], str] = str,
) -> Report:
    """The report of a run that has just ended, signed where the profile says by whom.

    Raises nothing, and waits for nothing longer than it says: a report is worth more than its signature.
    """
    if signing is None:
        return _with(report, unsigned())
    crew = Crew(1, "mcpsoar-sign")
    work = crew.submit(partial(make, house, report.run, signing, clock=clock, wait_s=AT_THE_END_S))
    has_ended = wait_for(work, WHOLE_S)
    crew.close()
    if not has_ended:
        why = f"signing took longer than {WHOLE_S:g} s"
    elif (error := work.exception()) is not None:
        why = _why(error)
    else:
        return _with(report, signed(work.result()))
    say(f"warning: run {report.run} is unsigned: {why}; {complete(f'mcpsoar runs sign {report.run}')}")
    return _with(report, unsigned(why))


def shown(house: Home, run: str, report: Report, statement: Statement) -> Report:
    """The report of an earlier run, with what its seal is worth now."""
    try:
        seal = kept(house, run)
    except Tampered as trouble:
        return _with(report, {"state": "bad", "why": str(trouble)})
    if seal is None:
        return _with(report, unsigned())
    if not is_of(seal, statement):
        return _with(report, unsigned("it went on after it was signed"))
    return _with(report, signed(seal))


def is_of(seal: Seal, statement: Statement) -> bool:
    """Whether a seal is of just this journal, with nothing added since."""
    return replace(seal.statement, signer=None) == replace(statement, signer=None)


def signed(seal: Seal) -> Facts:
    """As reports have it."""
    key = seal.signature.key.fingerprint
    return {"state": "signed", "key": key, "signer": seal.statement.signer}


def unsigned(why: str | None = None) -> Facts:
    """The same; `why` where it was to be signed."""
    return {"state": "unsigned", "why": why} if why else {"state": "unsigned"}


def _with(report: Report, signature: Facts) -> Report:
    return replace(report, extra={**report.extra, "signature": signature})


def _why(error: BaseException) -> str:
    """Why there is no signature, in words that hold no key."""
    if isinstance(error, Unwritable):
        return "the signature cannot be written beside the journal"
    return str(error) if isinstance(error, Trouble) else f"signing failed: {type(error).__name__}"


def _path(house: Home, run: str) -> Path:
    return house.journal(run).with_name(_FILE)


def _bad(path: Path, words: str) -> Tampered:
    return Tampered(words, where=str(path), next_command=f"mcpsoar runs verify {path.parent.name}")
