"""The pipeline `mcpsoar-lucene`, for whoever converts with `sigma convert -t lucene`."""

from collections.abc import Sequence

from sigma.processing.pipeline import ProcessingPipeline

from mcpsoar.core.event import Column
from mcpsoar.targets.es.lucene.backend import Lucene
from mcpsoar.targets.es.lucene.refused import refused
from mcpsoar.targets.rule import plugged, query
from mcpsoar.targets.rule.plugged import OwnText


def pipeline(columns: Sequence[Column]) -> ProcessingPipeline:
    """What `mcpsoar rules convert lucene` prints, or a refusal: nothing else leaves it."""
    known = tuple(columns)
    own = OwnText(lambda rule: query.of(rule, known, Lucene(known), refused(known)))
    return plugged.pipeline("lucene", own)
