"""The pipeline `mcpsoar-splunk`, for whoever converts with `sigma convert -t splunk`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaTransformationError
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

from mcpsoar.core.event import Column
from mcpsoar.targets.rule import plugged, query
from mcpsoar.targets.rule.plugged import OwnText
from mcpsoar.targets.spl.backend import Spl
from mcpsoar.targets.spl.refused import refused


@dataclass
class OwnSearch(OwnText):
    """A stanza of savedsearches.conf is refused: our text alone would be none."""

    def apply(self, rule: SigmaRule | SigmaCorrelationRule, query: Any) -> Any:
        """Raises SigmaTransformationError."""
        if isinstance(query, str) and query.startswith("\n["):
            raise SigmaTransformationError("this pipeline knows the output format default alone")
        return super().apply(rule, query)


def pipeline(columns: Sequence[Column]) -> ProcessingPipeline:
    """What `mcpsoar rules convert splunk` prints, or a refusal: nothing else leaves it."""
    known = tuple(columns)
    own = OwnSearch(lambda rule: query.of(rule, known, Spl(known), refused(known)))
    return plugged.pipeline("splunk", own)
