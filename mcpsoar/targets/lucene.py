"""Rules as Lucene query strings, for Elastic's `query_string` and its detection rules of the language lucene.

They ask the data stream `logs-mcp.audit-*`, whose events are in normal form (`es.fields`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import Usage
from mcpsoar.core.event import Column
from mcpsoar.core.ports import Target
from mcpsoar.targets.es.lucene.backend import Lucene
from mcpsoar.targets.es.lucene.refused import refused
from mcpsoar.targets.rule import query


@dataclass(frozen=True, slots=True)
class QueryString:
    """The target `lucene`."""

    columns: tuple[Column, ...]
    comment: str = "# {}"  # a query string has no comments: this is for whoever reads several

    def convert(self, rule: RuleText) -> str:
        """One query string. Raises BadContent, Unsupported."""
        return query.convert(rule, self.columns, Lucene(self.columns), refused(self.columns))


def make(columns: Sequence[Column], dialect: str | None = None) -> Target:
    """The target. Raises Usage for a dialect: query strings have none."""
    if dialect:
        raise Usage("--dialect is for sql; lucene has none")
    return QueryString(tuple(columns))
