"""Rules and detections over recorded logs: what fires on which attack, and what cries wolf on a benign one.

All logs are read in one scan, because what is first seen is seen first in the benign one. Whose a match is,
the id of its event tells.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mcpsoar.app.proving import CaseResult
from mcpsoar.core.content import Text
from mcpsoar.core.errors import BadContent
from mcpsoar.pack.corpora import KNOWN, Corpus, Explained

if TYPE_CHECKING:
    from mcpsoar.detect.scan import Ask, Scan

CORPUS = "corpus"
_LOUD = ("high", "critical")  # of these no false alarm is explained away


@dataclass(frozen=True, slots=True)
class Firing:
    """What one rule or detection says of the corpora, by their names: how often it fires, what each lacks."""

    fires: Mapping[str, int]
    lacks: Mapping[str, tuple[str, ...]]

    def on(self, corpora: Sequence[Corpus], *, attack: bool) -> tuple[Corpus, ...]:
        """The attacks, or the benign logs, on which it fires and may be asked."""
        return tuple(
            one
            for one in corpora
            if one.is_attack is attack and self.fires.get(one.name) and not self.lacks[one.name]
        )

    def alarms(self, corpora: Sequence[Corpus]) -> int:
        """How many matches on benign logs there are."""
        return sum(self.fires[one.name] for one in self.on(corpora, attack=False))


def survey(texts: Sequence[Text], ask: "Ask", corpora: Sequence[Corpus]) -> Mapping[str, Firing]:
    """Scan all corpora at once, and tell for each text what it says of each.

    Raises BadContent (an event that cannot be told to be of its log), Malformed, Usage.
    """
    from mcpsoar.app import corpora_log
    from mcpsoar.detect import files
    from mcpsoar.detect.scan import over_logs

    with tempfile.TemporaryDirectory(prefix="mcpsoar-") as name:
        folder = Path(name).resolve()
        sources = files.sources([str(one.path) for one in corpora], folder)
        for corpus, source in zip(corpora, sources, strict=True):
            if source.damage:
                raise BadContent(f"{corpus.path} broke off: {source.damage}", where=corpus.where)
        log = corpora_log.joined(sources, ask.columns, folder / "corpora")
        with over_logs([log], ask, folder) as scan:
            if scan.rejects or scan.intake.conflicts:
                bad = f"conflicts {scan.intake.conflicts}"
                if scan.rejects:
                    bad = f"{corpora_log.place(scan.rejects[0].raw, sources)}: {scan.rejects[0].why}"
                raise BadContent(f"the corpora hold what is no event of its own: {bad}")
            rest = next((one for one in corpora if not one.is_attack), None)
            wanted = frozenset(name for text in texts for name in _sources(text, ask)) & scan.here
            paths = {one: Path(source.log.path) for one, source in zip(corpora, sources, strict=True)}
            owners = {  # what belongs to no other log is of the first benign one
                id_: one.name for one in corpora if one is not rest for id_ in _ids(paths[one], one)
            }
            return _told(texts, scan, owners, _here(paths, wanted), rest.name if rest else "")


def judged(
    texts: Sequence[Text],
    seen: Mapping[str, Firing],
    corpora: Sequence[Corpus],
    known: Mapping[str, Explained],
    *,
    is_exact: bool = False,
) -> tuple[CaseResult, ...]:
    """One result for each expected alarm, and two for each text: its false alarms, and that it ever fires.

    Explained counts are upper bounds, unless `is_exact`: then a rule that no longer fires is noticed, too.
    """
    results = []
    for text in texts:
        own = seen[text.id]
        for corpus in corpora:
            if text.id in corpus.expect:
                said = _silent(own, corpus)
                results.append(CaseResult(text.id, f"fires on {corpus.name}", CORPUS, corpus.where, said))
        where = f"{text.path}:1"
        if any(not one.is_attack for one in corpora):
            said = _false(text, own.alarms(corpora), known.get(text.id), is_exact=is_exact)
            results.append(CaseResult(text.id, "is quiet on benign logs", CORPUS, where, said))
        is_seen = any(one.label != "synthetic" for one in own.on(corpora, attack=True))
        said = "" if is_seen else "fires on no recorded and on no replayed attack"
        results.append(CaseResult(text.id, "fires on some attack", CORPUS, where, said))
    return tuple(results)


def misnamed(ids: Collection[str], corpora: Sequence[Corpus], known: Collection[str], folder: Path) -> None:
    """Raises BadContent for an expectation or an explanation of what is no rule and no detection."""
    for corpus in corpora:
        for name in corpus.expect:
            if name not in ids:
                raise BadContent(f"there is no rule or detection {name!r} to expect", where=corpus.where)
    for name in known:
        if name not in ids:
            raise BadContent(
                f"there is no rule or detection {name!r} to explain", where=f"{folder / KNOWN}:1"
            )


def _silent(seen: Firing, corpus: Corpus) -> str:
    if lacks := seen.lacks[corpus.name]:
        return f"cannot be asked of {corpus.name}, which has no {', '.join(lacks)}"
    return "" if seen.fires.get(corpus.name) else f"does not fire on the {corpus.label} attack {corpus.name}"


def _false(text: Text, count: int, known: Explained | None, *, is_exact: bool) -> str:
    explained = known.count if known else 0
    if count < explained and is_exact:
        return f"{count} alarms on benign logs: {KNOWN} explains {explained}, so it misses what it saw"
    if not count or (count <= explained and text.level not in _LOUD):
        return ""
    if text.level in _LOUD:
        return f"{count} false alarms on benign logs: of level {text.level}, it may have none"
    told = f"{KNOWN} explains {known.count}" if known else f"none is explained in {KNOWN}"
    return f"{count} false alarms on benign logs: {told}"


def _told(
    texts: Sequence[Text],
    scan: "Scan",
    owners: Mapping[str, str],
    here: Mapping[str, frozenset[str]],
    rest: str,
) -> Mapping[str, Firing]:
    @cache
    def lacks(id_: str, needs: tuple[str, ...], columns: frozenset[str]) -> tuple[str, ...]:
        return replace(scan, here=columns).lacks(id_, needs)

    return {
        text.id: Firing(
            fires=Counter(owners.get(hit.event_id or rest, rest) for hit in scan.hits(text.id)),
            lacks={name: lacks(text.id, text.needs, columns) for name, columns in here.items()},
        )
        for text in texts
    }


def _sources(text: Text, ask: "Ask") -> Iterator[str]:
    """Columns by which it is told whether a log can answer: the needed ones, and what spares them."""
    from mcpsoar.detect import prelude

    yield from text.needs
    for column in ask.columns:
        if set(prelude.sources(column)) & set(text.needs):
            yield column.name


def _here(paths: Mapping[Corpus, Path], wanted: frozenset[str]) -> Mapping[str, frozenset[str]]:
    """Which of the wanted columns each log can have: those of all logs that its gateway wrote.

    An attack is a cut from what a gateway writes. That no call of it has an approval may be the attack.
    """
    written: dict[str | None, set[str]] = {}
    gateways: dict[Corpus, str | None] = {}
    for corpus, path in paths.items():
        with path.open("rb") as lines:
            for line in lines:
                event = json.loads(line)
                if corpus not in gateways:
                    gateways[corpus] = event.get("gateway")
                here = written.setdefault(gateways[corpus], set())
                here.update(name for name in wanted - here if event.get(name) is not None)
                if len(here) == len(wanted):
                    break
    return {one.name: frozenset(written.get(gateways.get(one), ())) for one in paths}


def _ids(path: Path, corpus: Corpus) -> Iterator[str]:
    with path.open("rb") as lines:
        for line in lines:
            event = json.loads(line)
            if not isinstance(event.get("event_id"), str):
                raise BadContent(f"an event of {corpus.path} has no event_id", where=corpus.where)
            yield event["event_id"]
