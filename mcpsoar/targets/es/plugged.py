"""The pipeline `mcpsoar-esql`, for whoever converts with `sigma convert -t esql`."""

from collections.abc import Sequence

from sigma.processing.pipeline import ProcessingPipeline, QueryPostprocessingItem

from mcpsoar.core.event import Column
from mcpsoar.targets.es.backend import Esql
from mcpsoar.targets.es.refused import refused
from mcpsoar.targets.rule import query
from mcpsoar.targets.rule.plugged import OwnText


def pipeline(columns: Sequence[Column]) -> ProcessingPipeline:
    """What `mcpsoar rules convert esql` prints, or a refusal: nothing else leaves it."""
    known = tuple(columns)
    own = OwnText(lambda parsed: query.of(parsed, known, Esql(known), refused(known)))
    return ProcessingPipeline(
        name="mcpsoar-esql",
        priority=20,
        allowed_backends=frozenset({"esql"}),
        postprocessing_items=[QueryPostprocessingItem(own, identifier="mcp-audit-text")],
    )
