"""Rules and detections as ES|QL over the data stream `logs-mcp.audit-*`, in normal form (`es.fields`)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.content import DetectionText, RuleText
from mcpsoar.core.errors import Usage
from mcpsoar.core.event import Column
from mcpsoar.core.ports import Target
from mcpsoar.targets.es import detection, paths
from mcpsoar.targets.es.backend import Esql
from mcpsoar.targets.es.refused import refused
from mcpsoar.targets.rule import query


@dataclass(frozen=True, slots=True)
class Elastic:
    """The target `esql`; `index` is what follows FROM."""

    columns: tuple[Column, ...]
    comment: str = "// {}"
    index: str = paths.INDEX

    def convert(self, rule: RuleText) -> str:
        """One ES|QL query. Raises BadContent, Unsupported."""
        return query.convert(rule, self.columns, Esql(self.columns, self.index), refused(self.columns))

    def detection(self, text: DetectionText, tree: exp.Query) -> str:
        """One ES|QL query over its lookback up to now. Raises Unsupported."""
        return detection.query(text, tree, self.columns)


def make(columns: Sequence[Column], dialect: str | None = None) -> Target:
    """The target. Raises Usage for a dialect: ES|QL has none."""
    if dialect:
        raise Usage("--dialect is for sql; esql has none")
    return Elastic(tuple(columns))
