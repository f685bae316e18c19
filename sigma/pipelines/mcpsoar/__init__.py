"""Where pySigma looks for pipelines: `sigma convert -t esql -p mcpsoar-esql`. All else is in `mcpsoar`.

No `__init__.py` stands above this one: `sigma` and `sigma.pipelines` are namespaces shared with pySigma,
which takes every function that `__all__` names for a pipeline, or simply every function without it.
"""

from sigma.processing.pipeline import ProcessingPipeline

from mcpsoar.pack import locate, schema
from mcpsoar.targets.es import plugged as es
from mcpsoar.targets.es.lucene import plugged as lucene
from mcpsoar.targets.spl import plugged as spl

__all__ = ["pipelines"]


def _esql() -> ProcessingPipeline:
    return es.pipeline(schema.load(locate.own()))


def _lucene() -> ProcessingPipeline:
    return lucene.pipeline(schema.load(locate.own()))


def _splunk() -> ProcessingPipeline:
    return spl.pipeline(schema.load(locate.own()))


pipelines = {"mcpsoar-esql": _esql, "mcpsoar-lucene": _lucene, "mcpsoar-splunk": _splunk}
