"""Whose signatures count: those of an allowed_signers file (ssh-keygen(1)), or of a profile's one key."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mcpsoar.audit import key as keys
from mcpsoar.audit import keyfile
from mcpsoar.audit.key import KIND, PublicKey
from mcpsoar.audit.sshsig import NAMESPACE
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Signing
from mcpsoar.core.verdict import Verdict, worst

_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
_OPTION = re.compile(r'(?:[^,"]|"[^"]*")+')


@dataclass(frozen=True, slots=True)
class Signer:
    """One key that counts, for those names. NO: not for runs. CANNOT_TELL: under a condition that is not
    judged here.
    """

    fingerprint: str
    names: tuple[str, ...]
    where: str
    counts: Verdict = Verdict.YES

    def is_called(self, name: str) -> bool:
        """Names are patterns; one after `!` is nobody's (ssh-keygen(1), ALLOWED SIGNERS)."""
        if any(fnmatchcase(name, one[1:]) for one in self.names if one.startswith("!")):
            return False
        return any(fnmatchcase(name, one) for one in self.names)


@dataclass(frozen=True, slots=True)
class Trust:
    """`where` is the file or the profile that says so."""

    signers: tuple[Signer, ...]
    where: str

    def judged(self, key: PublicKey, name: str) -> tuple[Verdict, str]:
        """Whether signatures of this key under this name count, and in words by which word."""
        known = [signer for signer in self.signers if signer.fingerprint == key.fingerprint]
        found = [signer for signer in known if signer.is_called(name)]
        for signer in found:
            if signer.counts is Verdict.YES:
                return Verdict.YES, f"trusted by {signer.where}"
        if known and not found:
            return Verdict.NO, f"{known[0].where} has that key under another name"
        if found and worst(signer.counts for signer in found) is Verdict.CANNOT_TELL:
            where = found[0].where
            return Verdict.CANNOT_TELL, f"{where} has conditions that ssh-keygen -Y verify must judge"
        return Verdict.NO, f"a key that {self.where} does not trust"


def allowed(path: str) -> Trust:
    """The keys of an allowed_signers file. Raises Usage with file:line."""
    try:
        text = Path(path).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        raise Usage(f"cannot be read: {type(error).__name__}", where=path) from None
    made = (_signer(line, f"{path}:{number}") for number, line in enumerate(text.splitlines(), 1))
    return Trust(tuple(signer for signer in made if signer is not None), path)


def own(signing: Signing) -> Trust | None:
    """What a profile trusts: its allowed_signers, else its own key; None where a comment alone names that.

    The `.pub` file beside a private key will do: not everybody who checks may read that. Raises Usage for a
    file that cannot be read.
    """
    if signing.allowed_signers is not None:
        return allowed(signing.allowed_signers)
    if signing.is_file:
        fingerprint = _of_file(signing.key).fingerprint
    elif signing.key.startswith("SHA256:"):
        fingerprint = signing.key
    elif signing.key.startswith(f"{KIND} "):
        fingerprint = keys.from_text(KIND, signing.key.split()[1]).fingerprint
    else:
        return None
    return Trust((Signer(fingerprint, ("*",), signing.where),), signing.where)


def line(key: PublicKey, identity: str) -> str:
    """The line of an allowed_signers file for a key that signs runs and nothing else."""
    return f'{identity} namespaces="{NAMESPACE}" {key.line}\n'


def _of_file(path: str) -> PublicKey:
    try:
        return keyfile.read(path).key
    except Usage:
        try:
            kind, encoded = Path(f"{path}.pub").expanduser().read_text("ascii").split()[:2]
            return keys.from_text(kind, encoded)
        except (OSError, RuntimeError, ValueError):
            pass
        raise


def _signer(text: str, where: str) -> Signer | None:
    if not text.strip() or text.lstrip().startswith("#"):
        return None
    words = _WORD.findall(text)
    at = words.index(KIND) if KIND in words[:3] else 0
    if at not in (1, 2):
        return None  # a key of another kind signs no run
    try:
        key = keys.from_text(KIND, words[at + 1])
    except (ValueError, IndexError):
        raise Usage("this is no line PRINCIPAL [OPTIONS] ssh-ed25519 KEY", where=where) from None
    counts = worst(_counts(option) for option in _OPTION.findall(words[1])) if at == 2 else Verdict.YES
    return Signer(key.fingerprint, tuple(words[0].strip('"').split(",")), where, counts)


def _counts(option: str) -> Verdict:
    name, _, value = option.partition("=")
    patterns = value.strip('"').split(",")
    if name.lower() != "namespaces" or any(pattern.startswith("!") for pattern in patterns):
        return Verdict.CANNOT_TELL
    return Verdict.YES if any(fnmatchcase(NAMESPACE, one) for one in patterns) else Verdict.NO
