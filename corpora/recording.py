"""Recording: play on a fresh ground, keep the events, say in the manifest what they are."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from corpora import manifest
from corpora.attack import Attack, attacks
from corpora.benign import plan
from corpora.ground import ground
from corpora.manifest import Corpus
from corpora.real import Real
from mcpsoar.core.errors import Usage

BENIGN = "benign"
# attacks follow the benign log; so many fit between it and the day of the manifest that a day is too long
_FIRST_ATTACK = datetime(2026, 10, 12, 9, tzinfo=UTC)
_APART = timedelta(hours=18)


def record(names: Sequence[str], *, cache: Path | None, say: Callable[[str], None]) -> None:
    """Record the named corpora, or all, and bring the manifest up to date. Raises Usage, Unreachable."""
    known = attacks()
    for name in names:
        if name != BENIGN and name not in known:
            raise Usage(f"there is no corpus {name!r}: {BENIGN}, {', '.join(known)}")
    fresh: dict[str, Corpus] = {}
    for place, (name, attack) in enumerate(known.items()):
        if not names or name in names:
            start = _FIRST_ATTACK + place * _APART
            fresh[name] = _attack(name, attack, start, cache)
            say(f"{name}: {fresh[name].events} events")
    if not names or BENIGN in names:
        fresh[BENIGN] = _benign(cache)
        say(f"{BENIGN}: {fresh[BENIGN].events} events, {fresh[BENIGN].calls} calls")
    _drop_others(set(known))
    # read only now: another recording may have ended meanwhile
    kept = {one.name: one for one in manifest.load() if one.name == BENIGN or one.name in known}
    manifest.save(list((kept | fresh).values()))


def _attack(name: str, attack: Attack, start: datetime, cache: Path | None) -> Corpus:
    with (
        tempfile.TemporaryDirectory() as home,
        ground(Path(home), start=start, servers=attack.servers, shadows=attack.shadows, cache=cache) as here,
    ):
        attack.play(here)
        events = here.events()
    file = f"attacks/{name}.ndjson.zst"
    return Corpus(
        name=name,
        file=file,
        label=attack.label,
        kind="attack",
        risk=attack.risk,
        story=attack.story,
        expect=attack.expect,
        events=len(events),
        calls=sum(map(manifest.is_call, events)),
        sha256=manifest.write(events, manifest.FOLDER / file),
        versions=_versions((*attack.servers, *attack.shadows)),
    )


def _benign(cache: Path | None) -> Corpus:
    with (
        tempfile.TemporaryDirectory() as home,
        ground(Path(home), start=plan.START, servers=plan.SERVERS, cache=cache) as here,
    ):
        plan.play(here)
        events = here.events()
    file = f"{BENIGN}.ndjson.zst"
    return Corpus(
        name=BENIGN,
        file=file,
        label="recorded",
        kind="benign",
        risk=None,
        story=plan.STORY,
        expect=(),
        events=len(events),
        calls=sum(map(manifest.is_call, events)),
        sha256=manifest.write(events, manifest.FOLDER / file),
        versions=_versions(plan.SERVERS),
    )


def _versions(servers: Sequence[object]) -> dict[str, str]:
    """The SDK's, and those of the real servers in the order of their deployment."""
    real = {one.package: ", ".join(one.versions) for one in servers if isinstance(one, Real)}
    return {"mcp": version("mcp"), **real}


def _drop_others(known: set[str]) -> None:
    """Files of attacks that are no longer there."""
    for path in (manifest.FOLDER / "attacks").glob("*.ndjson.zst"):
        if path.name.removesuffix(".ndjson.zst") not in known:
            path.unlink()
