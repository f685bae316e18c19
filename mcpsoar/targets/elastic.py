"""Rules as ES|QL over the data stream `logs-mcp.audit-*`.

ES|QL compares with case and drops rows whose field is null, even under NOT: the stock back end's text means
something else than the rule. So text is folded on both sides and every NOT works on a value that cannot be
null.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sigma.backends.elasticsearch.elasticsearch_esql import ESQLBackend
from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR
from sigma.conversion.deferred import DeferredQueryExpression
from sigma.conversion.state import ConversionState
from sigma.rule import SigmaRule
from sigma.types import (
    SigmaCasedString,
    SigmaExists,
    SigmaFieldReference,
    SigmaNull,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
)

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import Usage
from mcpsoar.core.event import Column, Kind
from mcpsoar.core.ports import Target
from mcpsoar.targets.rule import pipeline, query, refuse
from mcpsoar.targets.rule.absence import BlankIsAbsent
from mcpsoar.targets.rule.reading import Item
from mcpsoar.targets.rule.refuse import Refusals


class Esql(BlankIsAbsent, ESQLBackend):
    """The stock back end with Sigma's meaning of case and of absence."""

    or_token: ClassVar[str] = "OR"  # noqa: S105 (no password)
    and_token: ClassVar[str] = "AND"  # noqa: S105 (no password)
    not_token: ClassVar[str] = "NOT"  # noqa: S105 (no password)
    or_in_operator: ClassVar[str] = "IN"
    eq_expression: ClassVar[str] = "TO_LOWER({field}) == {value}"
    startswith_expression: ClassVar[str] = "STARTS_WITH(TO_LOWER({field}), {value})"
    endswith_expression: ClassVar[str] = "ENDS_WITH(TO_LOWER({field}), {value})"
    wildcard_match_expression: ClassVar[str] = "TO_LOWER({field}) LIKE {value}"
    case_sensitive_match_expression: ClassVar[str] = "{field} == {value}"
    case_sensitive_startswith_expression: ClassVar[str] = "STARTS_WITH({field}, {value})"
    case_sensitive_endswith_expression: ClassVar[str] = "ENDS_WITH({field}, {value})"
    field_in_list_expression: ClassVar[str] = "TO_LOWER({field}) {op} ({list})"
    field_null_expression: ClassVar[str] = "{field} IS NULL"
    field_exists_expression: ClassVar[str] = "{field} IS NOT NULL"
    or_blank_expression: ClassVar[str] = 'OR TRIM({field}) == ""'
    and_not_blank_expression: ClassVar[str] = 'AND TRIM({field}) != ""'
    eq_token: ClassVar[str] = " == "  # noqa: S105 (no password)
    compare_op_expression: ClassVar[str] = "{field} {operator} {value}"

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(pipeline.elastic(columns))
        self.texts = pipeline.texts(columns, pipeline.elastic_names(columns))

    def convert_value_str(self, s: SigmaString, state: ConversionState) -> str:
        """Fold the value as the field is folded, unless it is |cased."""
        folded = s if isinstance(s, SigmaCasedString) else s.lower()
        return str(super().convert_value_str(folded, state))

    def decide_convert_condition_as_in_expression(
        self, cond: ConditionOR | ConditionAND, state: ConversionState
    ) -> bool:
        """IN for plain folded texts alone: its left side is TO_LOWER, which takes no number."""
        texts = all(
            isinstance(arg, ConditionFieldEqualsValueExpression) and type(arg.value) is SigmaString
            for arg in cond.args
        )
        return texts and bool(super().decide_convert_condition_as_in_expression(cond, state))

    def convert_condition_not(
        self, cond: ConditionNOT, state: ConversionState
    ) -> str | DeferredQueryExpression | None:
        """NOT of null would drop the row; nothing but NOT can make null a match, so the guard stands here."""
        (arg,) = cond.args
        inner = self.convert_condition(arg, state)
        if isinstance(arg, ConditionFieldEqualsValueExpression) and isinstance(
            arg.value, SigmaNull | SigmaExists
        ):
            return f"NOT {inner}"
        return f"NOT COALESCE({inner}, false)"

    def finalize_query_default(
        self,
        rule: SigmaRule,  # noqa: ARG002 (the back end's signature)
        query: str,
        index: int,  # noqa: ARG002
        state: ConversionState,
    ) -> str:
        """One command a line; the metadata lets Elastic recognise a row it has alerted on."""
        source = state.processing_state["index"]
        return f"FROM {source} METADATA {self.state_defaults['metadata']}\n| WHERE {query}"


def _list(lists: frozenset[str]) -> refuse.Why:
    def why(item: Item, _value: SigmaType) -> str | None:
        is_list = item.field in lists
        return "comparing a list gives null in ES|QL; ask a derived column" if is_list else None

    return why


def refused(columns: Sequence[Column]) -> Refusals:
    """What this target cannot say, with reasons."""
    lists = frozenset(column.name for column in columns if column.kind is Kind.TEXTS)
    return Refusals(
        "elastic",
        {
            SigmaRegularExpression: "|re: RLIKE is anchored and speaks another dialect",
            SigmaFieldReference: "|fieldref: absence and case differ; ask a derived column instead",
            SigmaTimestampPart: "parts of a time",
        },
        (refuse.placeholder, refuse.literal_wildcard, refuse.keyword, _list(lists)),
    )


@dataclass(frozen=True, slots=True)
class Elastic:
    """The target `elastic`."""

    columns: tuple[Column, ...]
    comment: str = "// {}"

    def convert(self, rule: RuleText) -> str:
        """One ES|QL query. Raises BadContent, Unsupported."""
        return query.convert(rule, self.columns, Esql(self.columns), refused(self.columns))


def make(columns: Sequence[Column], dialect: str | None = None) -> Target:
    """The target. Raises Usage for a dialect: ES|QL has none."""
    if dialect:
        raise Usage("--dialect is for sql; elastic has none")
    return Elastic(tuple(columns))
