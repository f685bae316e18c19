"""What a pack is made of and for whom: the content, how it is tuned, and where the user keeps events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from mcpsoar.core.content import GateText, RuleText
from mcpsoar.core.event import Column
from mcpsoar.detect.detection import Detection, parse_all
from mcpsoar.detect.gate import parse
from mcpsoar.kit.mapping import FieldMapping
from mcpsoar.pack import detections, gates, mapping, overlay, rules, schema
from mcpsoar.pack.overlay import Tuning
from mcpsoar.pack.overlay_complaints import Known
from mcpsoar.siems.checks import Check
from mcpsoar.siems.objects import Item, PackFile
from mcpsoar.targets.gate import LISTED, Gate


@dataclass(frozen=True, slots=True)
class Options:
    """Where a user keeps what; empty is the SIEM's default.

    `index` holds the events. `tenant` is the field, in the SIEM's own spelling, that every group, throttle
    and suppression key begins with. `space` is Kibana's, `cluster` a prefix of cross-cluster search, `tier`
    the licence that decides what a rule may ask for.
    """

    index: str = ""
    tenant: str = ""
    space: str = "default"
    cluster: str = ""
    tier: str = "basic"


@dataclass(frozen=True, slots=True)
class Content:
    """Rules, detections and gates as the pack ships them; `tuning` changes settings and never a query.

    `mapping` is what the user's own log calls the columns, None where it is written in ours. Splunk's source
    type is then `mapping.sourcetype`, its fields `targets.spl.fields.calculated(columns, sources=mapping)`;
    Elastic's data streams are `mapping.index`, and a pipeline or `targets.es.mapped.evals` renames.
    """

    columns: tuple[Column, ...]
    rules: tuple[RuleText, ...]
    detections: tuple[Detection, ...]
    gates: tuple[Gate, ...]
    tuning: Tuning = field(default_factory=Tuning)
    options: Options = field(default_factory=Options)
    mapping: FieldMapping | None = None


class Siem(Protocol):
    """One SIEM; what `make()` of its module gives. Pure: the same content gives the same bytes.

    `comment` is one of its query language, with {} for the words.
    """

    comment: str

    def files(self, content: Content) -> Iterator[PackFile]:
        """What a person imports, by path. Raises Usage for an option that this SIEM does not have."""

    def items(self, content: Content) -> tuple[Item, ...]:
        """The objects that the same content is, for whoever deploys by the SIEM's own API."""

    def checks(self, content: Content) -> Iterator[Check]:
        """Searches to paste that say whether this SIEM answers the cases of the rules as a scan does."""


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
    mapped = mapping.read(fields, columns) if fields else None
    return Content(columns, own_rules, own_detections, own_gates, tuned, options, mapped)


def _gate(text: GateText, columns: Sequence[Column]) -> Gate:
    made = parse(text, columns, approved={LISTED})
    return Gate(text, made.subject, made.hit, made.judged, made.warned)
