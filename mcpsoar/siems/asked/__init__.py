"""What a pack is made of and for whom: the content, how it is tuned, and where the user keeps events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mcpsoar.core.content import GateText, RuleText
from mcpsoar.core.event import Column
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.detect.detection import Detection, parse_all
from mcpsoar.detect.gate import parse
from mcpsoar.kit.mapping import FieldMapping, MappingKey
from mcpsoar.pack import detections, gates, mapping, overlay, rules, schema
from mcpsoar.pack.overlay import Tuning
from mcpsoar.pack.overlay_complaints import Known
from mcpsoar.siems import installed
from mcpsoar.siems.checks import Asking, Check
from mcpsoar.siems.checks.cases import Asked
from mcpsoar.siems.deploy.live import Live
from mcpsoar.siems.objects import BuildOption, Item, PackFile
from mcpsoar.targets.gate import LISTED, Gate


@dataclass(frozen=True, slots=True)
class Options:
    """Where a user keeps what; empty is the SIEM's default.

    `index` holds the events. `tenant` is the field, in the SIEM's own spelling, that every group, throttle
    and suppression key begins with. `own` is what was said of the options that this SIEM has beside, by name.
    """

    index: str = ""
    tenant: str = ""
    own: Mapping[str, str] = field(default_factory=dict, hash=False)

    def of(self, option: BuildOption) -> str:
        """What was said of it, or its default."""
        return self.own.get(option.name, option.default)


@dataclass(frozen=True, slots=True)
class Content:
    """Rules, detections and gates as the pack ships them; `tuning` changes settings and never a query.

    `mapping` is what the user's own log calls the columns, None where it is written in ours.
    """

    columns: tuple[Column, ...]
    rules: tuple[RuleText, ...]
    detections: tuple[Detection, ...]
    gates: tuple[Gate, ...]
    tuning: Tuning = field(default_factory=Tuning)
    options: Options = field(default_factory=Options)
    mapping: FieldMapping | None = None


class Connected(Live, Asking, Protocol):
    """One SIEM at one place: deployed to, and asked."""


class Siem(Protocol):
    """One SIEM; what `make()` of its module gives. Pure: the same content gives the same bytes.

    `comment` is one of its query language, with {} for the words. `build_options` are its own on the command
    line, `mapping_keys` its own in a mapping. Its table of a profile has url, token and `profile_keys`;
    `addresses` are those of them that the token travels to as well.
    """

    comment: str
    build_options: tuple[BuildOption, ...]
    mapping_keys: tuple[MappingKey, ...]
    profile_keys: tuple[str, ...]
    addresses: tuple[str, ...]

    def files(self, content: Content) -> Iterator[PackFile]:
        """What a person imports, by path. Raises Usage for an option that this SIEM does not have."""

    def items(self, content: Content) -> tuple[Item, ...]:
        """The objects that the same content is, for whoever deploys by the SIEM's own API."""

    def checks(self, cases: Sequence[Asked], content: Content) -> Iterator[Check]:
        """A search to paste for each case, which says whether this SIEM answers it as a scan does, or why
        there can be none."""

    def connect(self, binding: Binding, *, clock: Clock) -> Connected:
        """By its own API, at the place of a profile. Sends nothing yet. Raises Usage."""


def content(root: Path, options: Options, tuning: Path | None = None, fields: Path | None = None) -> Content:
    """Everything that a pack holds, with the overlay at `tuning` and the mapping at `fields`.

    Raises BadContent with every complaint of one sort of file.
    """
    columns = tuple(schema.load(root))
    own_rules, own_detections = rules.load(root), parse_all(detections.load(root), columns)
    own_gates = tuple(_gate(text, columns) for text in gates.load(root))
    known = Known(
        counts=[gate.text.id for gate in own_gates if gate.text.page.ratio is None],
        ratios=[gate.text.id for gate in own_gates if gate.text.page.ratio is not None],
        rules=[rule.id for rule in own_rules] + [one.text.id for one in own_detections],
        columns=columns,
    )
    tuned = overlay.read(tuning, known) if tuning else Tuning()
    mapped = mapping.read(fields, columns, installed.mapping_keys()) if fields else None
    return Content(columns, own_rules, own_detections, own_gates, tuned, options, mapped)


def _gate(text: GateText, columns: Sequence[Column]) -> Gate:
    made = parse(text, columns, approved={LISTED})
    return Gate(text, made.subject, made.hit, made.judged, made.warned)
