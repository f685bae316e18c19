"""The pipeline `mcpsoar-esql`, for whoever converts with `sigma convert -t esql`."""

from collections.abc import Sequence

from sigma.processing.pipeline import ProcessingPipeline

from mcpsoar.core.event import Column
from mcpsoar.targets.es.backend import Esql
from mcpsoar.targets.es.refused import refused
from mcpsoar.targets.rule import plugged, query
from mcpsoar.targets.rule.plugged import OwnText


def pipeline(columns: Sequence[Column]) -> ProcessingPipeline:
    """What `mcpsoar rules convert esql` prints, or a refusal: nothing else leaves it."""
    known = tuple(columns)
    return plugged.pipeline("esql", OwnText(lambda rule: query.of(rule, known, Esql(known), refused(known))))
