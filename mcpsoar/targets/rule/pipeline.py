"""Our processing pipelines: values as the columns of `mcp_audit` hold them, under the field names of a SIEM.

Splunk keeps the names of the columns (spl/backend.py). Elastic gets ECS where ECS has a home
without loss and `mcp.*` for the rest, so that decision and action_class keep their own values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import FieldMappingTransformation, SetStateTransformation
from sigma.processing.transformations.base import DetectionItemTransformation
from sigma.rule import SigmaDetectionItem
from sigma.types import SigmaExists, SigmaNull, SigmaNumber, SigmaString, SigmaType, SpecialChars

from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.es import paths

_PRIORITY = 20
_TEXTUAL = (Kind.TEXT, Kind.ENUM)


def elastic(columns: Sequence[Column]) -> ProcessingPipeline:
    """Elastic's names, and the data stream that the audit log is written to."""
    return ProcessingPipeline(
        name="mcpsoar-esql",
        priority=_PRIORITY,
        items=[
            _as_stored(columns),
            _mapped(paths.every(columns)),
            ProcessingItem(SetStateTransformation("index", paths.INDEX), identifier="mcp-audit-index"),
        ],
    )


def texts(columns: Sequence[Column], names: Mapping[str, str]) -> frozenset[str]:
    """The fields that hold text, in which a blank is as good as absent."""
    return frozenset(names[column.name] for column in columns if column.kind in _TEXTUAL)


@dataclass
class AsStored(DetectionItemTransformation):
    """Values as the columns hold them: a blank text is absence, `*` is presence, a code is text."""

    kinds: Mapping[str, Kind]

    def apply_detection_item(self, detection_item: SigmaDetectionItem) -> None:
        """Change the values of one item in place."""
        if self.kinds.get(detection_item.field or "") not in _TEXTUAL:
            return
        detection_item.value = [_as_text(value) for value in detection_item.value]
        detection_item.disable_conversion_to_plain()


def _as_text(value: SigmaType) -> SigmaType:
    if isinstance(value, SigmaNumber):
        return SigmaString(str(value.number))
    if not isinstance(value, SigmaString):
        return value
    if all(isinstance(part, str) and not part.strip() for part in value.s):
        return SigmaNull()
    if all(part is SpecialChars.WILDCARD_MULTI for part in value.s):
        return SigmaExists(exists=True)
    return value


def _as_stored(columns: Sequence[Column]) -> ProcessingItem:
    kinds = {column.name: column.kind for column in columns}
    return ProcessingItem(AsStored(kinds), identifier="mcp-audit-values")


def _mapped(names: Mapping[str, str]) -> ProcessingItem:
    mapping: dict[str | None, str | list[str]] = {}
    mapping.update(names)
    return ProcessingItem(FieldMappingTransformation(mapping), identifier="mcp-audit-fields")
