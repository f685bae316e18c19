"""Rules as SPL for the `search` command, over the macro `mcp_audit_events`.

`search` ignores case, keeps events that lack a negated field, and lets OR bind tighter than AND: never paste
the text into `where` or `eval`. The macro names the index and the sourcetype; derived fields such as
manifest_match must be there, computed by the source or by calculated fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sigma.backends.splunk.splunk import SplunkBackend
from sigma.types import (
    SigmaCasedString,
    SigmaFieldReference,
    SigmaRegularExpression,
    SigmaTimestampPart,
)

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import Usage
from mcpsoar.core.event import Column
from mcpsoar.core.ports import Target
from mcpsoar.targets.rule import pipeline, query, refuse
from mcpsoar.targets.rule.absence import BlankIsAbsent
from mcpsoar.targets.rule.refuse import Refusals


class Spl(BlankIsAbsent, SplunkBackend):
    """The stock back end, to which an empty text is absent too."""

    or_blank_expression: ClassVar[str] = 'OR {field}=""'
    and_not_blank_expression: ClassVar[str] = 'NOT {field}=""'
    parenthesize: bool = True  # nobody should need to know which of OR and AND binds tighter

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(pipeline.splunk(columns))
        self.texts = pipeline.texts(columns, pipeline.splunk_names(columns))


REFUSED = Refusals(
    "splunk",
    {
        SigmaCasedString: "|cased: search ignores case",
        SigmaFieldReference: "|fieldref: not under OR, and case counts; ask a derived column instead",
        SigmaRegularExpression: "|re: a deferred command that does not combine with OR",
        SigmaTimestampPart: "parts of a time",
    },
    (refuse.placeholder, refuse.literal_wildcard, refuse.single_wildcard),
)


@dataclass(frozen=True, slots=True)
class Splunk:
    """The target `splunk`."""

    columns: tuple[Column, ...]
    comment: str = "``` {} ```"

    def convert(self, rule: RuleText) -> str:
        """One search. Raises BadContent, Unsupported."""
        return query.convert(rule, self.columns, Spl(self.columns), REFUSED)


def make(columns: Sequence[Column], dialect: str | None = None) -> Target:
    """The target. Raises Usage for a dialect: SPL has none."""
    if dialect:
        raise Usage("--dialect is for sql; splunk has none")
    return Splunk(tuple(columns))
