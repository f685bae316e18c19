"""What our pipelines share: values as the columns of `mcp_audit` hold them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sigma.processing.pipeline import ProcessingItem
from sigma.processing.transformations.base import DetectionItemTransformation
from sigma.rule import SigmaDetectionItem
from sigma.types import SigmaExists, SigmaNull, SigmaNumber, SigmaString, SigmaType, SpecialChars

from mcpsoar.core.event import Column, Kind

PRIORITY = 20
TEXTUAL = (Kind.TEXT, Kind.ENUM)


def as_stored(columns: Sequence[Column]) -> ProcessingItem:
    """The step that makes values what the columns hold."""
    kinds = {column.name: column.kind for column in columns}
    return ProcessingItem(AsStored(kinds), identifier="mcp-audit-values")


@dataclass
class AsStored(DetectionItemTransformation):
    """Values as the columns hold them: a blank text is absence, `*` is presence, a code is text."""

    kinds: Mapping[str, Kind]

    def apply_detection_item(self, detection_item: SigmaDetectionItem) -> None:
        """Change the values of one item in place."""
        if self.kinds.get(detection_item.field or "") not in TEXTUAL:
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
