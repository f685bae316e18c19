"""Coverage: which content watches which risk, on which logs it can be asked, and what nobody sees."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from mcpsoar.core.content import DetectionText
from mcpsoar.core.event import Column
from mcpsoar.core.finding import Finding
from mcpsoar.core.verdict import Verdict, worst
from mcpsoar.pack import content, gates, landscape, schema
from mcpsoar.pack.landscape import FRAMEWORKS, Join, Landscape, LogSource, Risk

if TYPE_CHECKING:
    from mcpsoar.app.watch import Look


COMMAND = "mcpsoar rules coverage"


class ItemKind(StrEnum):
    """A rule looks at one event, a detection at a window of them, a gate counts and pages."""

    EVENT = "event"
    WINDOW = "window"
    GATE = "gate"


class Can(StrEnum):
    """Whether a log can answer an item: by itself, under a condition or with a look-up, or not at all.

    CANNOT_TELL is said of a real log alone: it has the columns, and the item failed on it.
    """

    YES = "yes"
    IF = "if"
    NO = "no"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Item:
    """One rule, detection or gate; `techniques` is framework → ids, in lower case."""

    id: str
    kind: ItemKind
    title: str
    level: str
    risks: tuple[str, ...]
    needs: tuple[str, ...]
    techniques: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """`lacks` are needed columns that nothing gives; `through` says under which conditions the rest comes.

    `failed` is why the item could not be asked, as of a `Finding`.
    """

    can: Can
    lacks: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One log source, or one real log, and what it can answer: item → answer.

    `look` is what reading the log gave, None for a source.
    """

    id: str
    title: str
    evidence: str
    cannot: str
    answers: Mapping[str, Answer]
    look: "Look | None" = None

    @property
    def is_known(self) -> bool:
        """Whether this is the whole truth about the log: it was read to its end, and nothing failed on it."""
        is_whole = self.look is None or bool(self.look.intake.events and not self.look.intake.cut)
        return is_whole and all(answer.can is not Can.CANNOT_TELL for answer in self.answers.values())

    def answered(self, items: Iterable[Item]) -> tuple[Can, ...]:
        """Whether it can answer each of the items that it was asked."""
        return tuple(self.answers[item.id].can for item in items if item.id in self.answers)


@dataclass(frozen=True, slots=True)
class Coverage:
    items: tuple[Item, ...]
    field: Landscape
    seen: tuple[Outlook, ...]

    def of_risk(self, risk: str, kind: ItemKind | None = None) -> tuple[Item, ...]:
        """What watches a risk, of one kind or any."""
        return tuple(item for item in self.items if risk in item.risks and kind in (None, item.kind))

    def of_technique(self, framework: str, technique: str) -> tuple[Item, ...]:
        """What carries the tag of a technique."""
        return tuple(item for item in self.items if technique in item.techniques.get(framework, ()))

    def techniques(self, framework: str) -> tuple[str, ...]:
        """Every technique that content carries, that a risk names or that has a name, by id."""
        named = {name for risk in self.field.risks for name in risk.techniques[framework]}
        tagged = {name for item in self.items for name in item.techniques.get(framework, ())}
        return tuple(sorted(named | tagged | set(self.field.names.get(framework, ()))))

    def risks(self) -> tuple[Risk, ...]:
        """Those of the landscape, and then those that content alone names."""
        known = {risk.id for risk in self.field.risks}
        others = dict.fromkeys(name for item in self.items for name in item.risks if name not in known)
        nothing: dict[str, tuple[str, ...]] = dict.fromkeys(FRAMEWORKS, ())
        return (*self.field.risks, *(Risk(name, name, nothing) for name in others))


def covered(root: Path, logs: Sequence[str] = (), *, now_ms: int) -> Coverage:
    """What a pack covers on the log sources of its landscape, or, where logs are named, on each of those.

    Raises Usage, BadContent, Unsupported, Malformed.
    """
    field = landscape.load(root)
    items = tuple(_items(root, field))
    if logs:
        return Coverage(items, field, tuple(_on_log(log, root, now_ms) for log in logs))
    columns = schema.load(root)
    return Coverage(
        items, field, tuple(_on_source(one, items, field.joined, columns) for one in field.sources)
    )


def verdict(coverage: Coverage) -> Verdict:
    """YES, or CANNOT_TELL where a log held no event or broke off, or something failed on it."""
    unknown = [Verdict.CANNOT_TELL for seen in coverage.seen if not seen.is_known]
    return worst([Verdict.YES, *unknown])


def _items(root: Path, field: Landscape) -> Iterator[Item]:
    for text in content.load(root):
        kind = ItemKind.WINDOW if isinstance(text, DetectionText) else ItemKind.EVENT
        techniques = _techniques(text.tags)
        yield Item(text.id, kind, text.title, text.level, (text.risk,), text.needs, techniques)
    for gate in gates.load(root):
        facts = field.gates.get(gate.id, landscape.GateFacts((), ()))
        yield Item(gate.id, ItemKind.GATE, gate.title, gate.severity, facts.risks, facts.needs, {})


def _techniques(tags: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Tags as ids: atlas.aml.t0051.001 → t0051.001, owasp.mcp03-2025-tool-poisoning → mcp03."""
    found: dict[str, tuple[str, ...]] = dict.fromkeys(FRAMEWORKS, ())
    for tag in tags:
        framework, _, name = tag.partition(".")
        if framework == "atlas" and name.startswith("aml."):
            found["atlas"] += (name.removeprefix("aml."),)
        elif framework == "owasp":
            found["owasp"] += (name.partition("-")[0],)
        elif framework == "safe":
            found["safe"] += (name,)
    return found


def _on_source(
    source: LogSource, items: Sequence[Item], joined: Sequence[Join], columns: Sequence[Column]
) -> Outlook:
    derived = _derived(columns)
    here = _closed(set(source.fills), derived)
    through = dict(source.opt_in)
    within = _closed(here | set(through), derived)
    while new := {  # a look-up may give what the next one needs
        column: f"looked up in {join.of}"
        for join in joined
        if within.issuperset(join.by)
        for column in join.columns
        if column not in within
    }:
        through |= new
        within = _closed(within | set(new), derived)
    answers = {item.id: _answer(item, here, within, through) for item in items}
    return Outlook(source.id, source.title, source.evidence, source.cannot, answers)


def _answer(item: Item, here: set[str], within: set[str], through: Mapping[str, str]) -> Answer:
    if lacks := tuple(name for name in item.needs if name not in within):
        return Answer(Can.NO, lacks)
    missing = [name for name in item.needs if name not in here]
    said = (f"{name}: {through.get(name, 'derived from what comes so')}" for name in missing)
    return Answer(Can.IF if missing else Can.YES, (), tuple(said))


def _derived(columns: Sequence[Column]) -> dict[str, set[str]]:
    from mcpsoar.detect import prelude

    names = {column.name for column in columns}
    return {column.name: names.intersection(prelude.sources(column)) for column in columns if column.derived}


def _closed(here: set[str], derived: Mapping[str, set[str]]) -> set[str]:
    """And what the reader derives from it."""
    return here | {name for name, sources in derived.items() if sources and sources <= here}


def _on_log(log: str, root: Path, now_ms: int) -> Outlook:
    from mcpsoar.app import scanning

    scanned = scanning.scan([log], pack=root, now_ms=now_ms, command=f"{COMMAND} --logs")
    intake = scanned.look.intake
    answers = {one.finding.rule: _claimed(one.finding) for one in scanned.claims}
    cannot = "It holds no event." if not intake.events else ""
    cannot += " It broke off." if intake.cut else ""
    cannot += "".join(f" {one.finding.rule}: {one.finding.failed}." for one in scanned.failed)
    told = f"{log}: {intake.events} events"
    return Outlook(log, told, "this log", cannot.strip(), answers, scanned.look)


def _claimed(finding: Finding) -> Answer:
    if finding.lacks:
        return Answer(Can.NO, finding.lacks)
    return Answer(Can.CANNOT_TELL, failed=finding.failed) if finding.failed else Answer(Can.YES)
