"""Who signs a run, and whose signature of it counts: from the settings, without looking up any token."""

from collections.abc import Mapping
from pathlib import Path

from mcpsoar.app import settings
from mcpsoar.app.audit_settings import of_profile
from mcpsoar.app.settings import Asked
from mcpsoar.audit import trust as trusts
from mcpsoar.audit.trust import Trust
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.contain.ledger import fold
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Signing


def signing(home: Path, run: str, asked: Asked, environ: Mapping[str, str]) -> Signing:
    """Raises Usage where neither the profile that is asked for nor the run's own says who signs."""
    found = _found(home, run, asked, environ)
    if found is None:
        raise Usage(
            'no key is named: [profiles.NAME.audit] says key = { file = "PATH" } or { agent = "SHA256:…" }',
            where=str(settings.file(asked.config, environ) or settings.FILE),
        )
    return found


def trusted(
    home: Path, run: str, asked: Asked, allowed_signers: str | None, environ: Mapping[str, str]
) -> Trust | None:
    """None where nobody says whom to trust. Raises Usage for what is named and cannot be read."""
    if allowed_signers is not None:
        return trusts.allowed(allowed_signers)
    found = _found(home, run, asked, environ)
    return trusts.own(found) if found is not None else None


def _found(home: Path, run: str, asked: Asked, environ: Mapping[str, str]) -> Signing | None:
    path = settings.file(asked.config, environ)
    if path is None:
        return None
    house = Home(home)
    run = house.named(run)
    ledger, _ = fold(read(house.journal(run), house.anchor(run), run))
    own = ledger.about.get("profile") if ledger is not None else None
    return of_profile(path, asked.profile, str(own), environ)
