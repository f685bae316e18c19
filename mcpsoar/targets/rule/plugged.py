"""Our text of a rule where pySigma converts with a stock back end and one of our pipelines.

A pipeline can change fields and values, but not what the stock back end makes of case, of absence and of
lists. So when that has made its text, ours takes its place; what either cannot say is refused by name.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaTransformationError
from sigma.processing.pipeline import ProcessingPipeline, QueryPostprocessingItem
from sigma.processing.postprocessing import QueryPostprocessingTransformation
from sigma.rule import SigmaRule

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import BadContent, Unsupported
from mcpsoar.targets.rule.pipeline import PRIORITY
from mcpsoar.targets.rule.reading import Parsed, items, whole

Convert = Callable[[Parsed], str]


@dataclass
class OwnText(QueryPostprocessingTransformation):
    """`convert` gives the text that takes the place of the stock one."""

    convert: Convert

    def apply(self, rule: SigmaRule | SigmaCorrelationRule, query: Any) -> Any:
        """Raises SigmaTransformationError for what our own conversion refuses."""
        super().apply(rule, query)
        if isinstance(rule, SigmaCorrelationRule):
            raise SigmaTransformationError("correlations are not converted by this pipeline")
        if not isinstance(query, str):
            raise SigmaTransformationError("this pipeline knows the output format default alone")
        try:
            return self.convert(parsed(rule))
        except (BadContent, Unsupported) as error:
            raise SigmaTransformationError(str(error)) from None


def pipeline(backend: str, own: OwnText) -> ProcessingPipeline:
    """Nothing but our text leaves it."""
    return ProcessingPipeline(
        name=f"mcpsoar-{backend}",
        priority=PRIORITY,
        allowed_backends=frozenset({backend}),
        postprocessing_items=[QueryPostprocessingItem(own, identifier="mcp-audit-text")],
    )


def parsed(rule: SigmaRule) -> Parsed:
    """A rule of pySigma's as one that was read here; its lines are not known. Raises Unsupported."""
    path = Path(rule.source.path) if rule.source else Path("rule")
    own = deepcopy(rule)  # a conversion changes it
    text = RuleText(path.stem, str(rule.id or ""), rule.title, "", "", "", path, "", ())
    found = items(own, str(path))
    conditions = [one.parsed for one in own.detection.parsed_condition]
    if not all(one is not None and whole(one) for one in conditions):
        raise Unsupported("a part of the condition matches no selection", where=str(path))
    return Parsed(text, own, found, tuple(one for one in conditions if one is not None))
