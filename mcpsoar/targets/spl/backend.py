"""pySigma's back end for Splunk with what it lacks: what `search` cannot say exactly goes into `where`.

The stock back end widens `?` to `*`, cannot escape an asterisk, compares fields with case and refuses |cased.
Here each part of the top-level AND that `search` says exactly stays there, and the others come from the
bridge's tree, so that they mean what the rule means as SQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sigma.backends.splunk.splunk import SplunkBackend
from sigma.conditions import ConditionAND
from sigma.conversion.deferred import DeferredQueryExpression
from sigma.conversion.state import ConversionState
from sigma.processing.pipeline import ProcessingPipeline, QueryPostprocessingItem
from sigma.processing.postprocessing import EmbedQueryTransformation

from mcpsoar.core.event import Column
from mcpsoar.targets.bridge import tree
from mcpsoar.targets.bridge.table import normal
from mcpsoar.targets.rule.pipeline import PRIORITY, as_stored
from mcpsoar.targets.spl import expression, fields, search
from mcpsoar.targets.spl.text import both

EVENTS = "`mcp_audit_events`"


@dataclass
class Where(DeferredQueryExpression):
    """The command after the search."""

    said: str

    def finalize_expression(self) -> str:
        return f"where {self.said}"


class Spl(SplunkBackend):
    """Converts rules over `mcp_audit`, whose events are normalised."""

    parenthesize: bool = True  # nobody should need to know which of OR and AND binds tighter
    requires_pipeline: ClassVar[bool] = False

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(pipeline(columns))
        self._columns: Mapping[str, Column] = {column.name: column for column in columns}
        self._table = normal(columns)
        self._held = fields.normalised(columns)
        self._is_inside = False

    def convert_condition(self, cond: Any, state: ConversionState) -> Any:
        """The root is parted between search and where; what is below it comes here again."""
        if self._is_inside:
            return super().convert_condition(cond, state)
        self._is_inside = True
        try:
            return self._parted(cond, state)
        finally:
            self._is_inside = False

    def _parted(self, cond: Any, state: ConversionState) -> Any:
        searched, exact = search.split(cond, self._columns)
        deferred = None
        if exact:
            said = [expression.condition(tree.condition(one, self._table), self._held) for one in exact]
            deferred = Where(state, both(*said).text)
        if not searched:
            return deferred
        whole = searched[0] if len(searched) == 1 else ConditionAND(list(searched))
        return super().convert_condition(whole, state)


def pipeline(columns: Sequence[Column]) -> ProcessingPipeline:
    """Names as they are; every search starts from the macro that says where the events are."""
    return ProcessingPipeline(
        name="mcpsoar-splunk",
        priority=PRIORITY,
        items=[as_stored(columns)],
        postprocessing_items=[
            QueryPostprocessingItem(
                EmbedQueryTransformation(prefix=f"{EVENTS} "), identifier="mcp-audit-events"
            )
        ],
    )
