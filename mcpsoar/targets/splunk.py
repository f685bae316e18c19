"""Rules as SPL over the macro `mcp_audit_events`: search terms, and `where` for what they cannot say exactly.

The macro names the index and the sourcetype, whose calculated fields normalise the events. `search` lets OR
bind tighter than AND: never paste its text into `where` or `eval`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.content import DetectionText, RuleText
from mcpsoar.core.errors import Usage
from mcpsoar.core.event import Column
from mcpsoar.core.ports import Target
from mcpsoar.targets.rule import query
from mcpsoar.targets.spl import detection
from mcpsoar.targets.spl.backend import Spl
from mcpsoar.targets.spl.refused import refused


@dataclass(frozen=True, slots=True)
class Splunk:
    """The target `splunk`."""

    columns: tuple[Column, ...]
    comment: str = "``` {} ```"

    def convert(self, rule: RuleText) -> str:
        """One search. Raises BadContent, Unsupported."""
        return query.convert(rule, self.columns, Spl(self.columns), refused(self.columns))

    def detection(self, text: DetectionText, tree: exp.Query) -> str:
        """One search. Raises Unsupported."""
        return detection.search(text, tree, self.columns)


def make(columns: Sequence[Column], dialect: str | None = None) -> Target:
    """The target. Raises Usage for a dialect: SPL has none."""
    if dialect:
        raise Usage("--dialect is for sql; splunk has none")
    return Splunk(tuple(columns))
