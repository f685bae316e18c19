"""pySigma's back end for ES|QL, with Sigma's meaning of case, of absence and of lists.

ES|QL compares with case, drops rows whose field is null even under NOT, and finds nothing in several values
at once: the stock text means something else than the rule. So text is folded on both sides, every NOT works
on a value that cannot be null, and lists are asked by MV_CONTAINS.
"""

from collections.abc import Sequence
from typing import ClassVar

from sigma.backends.elasticsearch.elasticsearch_esql import ESQLBackend
from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR
from sigma.conversion.deferred import DeferredQueryExpression
from sigma.conversion.state import ConversionState
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import SetStateTransformation
from sigma.rule import SigmaRule
from sigma.types import (
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaExists,
    SigmaNull,
    SigmaString,
    SpecialChars,
)

from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.absence import BlankIsAbsent
from mcpsoar.targets.es.names import as_named
from mcpsoar.targets.es.text import pattern, quoted
from mcpsoar.targets.rule.pipeline import PRIORITY, TEXTUAL, as_stored


class Esql(BlankIsAbsent, ESQLBackend):
    """The stock back end with Sigma's meaning; what it cannot say is refused before it is asked."""

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

    def __init__(self, columns: Sequence[Column], index: str = paths.INDEX) -> None:
        super().__init__(pipeline(columns, index))
        self.texts = frozenset(paths.of(column.name) for column in columns if column.kind in TEXTUAL)
        self.lists = {paths.of(column.name): column.name for column in columns if column.kind is Kind.TEXTS}

    def convert_value_str(self, s: SigmaString, state: ConversionState) -> str:  # noqa: ARG002
        """A literal, or a pattern where there is a wildcard; folded as the field is, unless it is |cased."""
        folded = s if isinstance(s, SigmaCasedString) else s.lower()
        signs = {SpecialChars.WILDCARD_MULTI: "*", SpecialChars.WILDCARD_SINGLE: "?"}
        if not folded.contains_special():
            return quoted("".join(part for part in folded.s if isinstance(part, str)))
        parts = (signs[part] if isinstance(part, SpecialChars) else pattern(str(part)) for part in folded.s)
        return quoted("".join(parts))

    def convert_condition_field_eq_val_str(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str | DeferredQueryExpression:
        """A comparison with several values is null, so a list is asked whether it holds the text."""
        if cond.field in self.lists:
            return self._holds(cond, "TO_LOWER({field})", state)
        return super().convert_condition_field_eq_val_str(cond, state)

    def convert_condition_field_eq_val_str_case_sensitive(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str | DeferredQueryExpression:
        """Exactly this text; one with wildcards is a pattern, which is exact anyway."""
        if cond.field in self.lists:
            return self._holds(cond, "{field}", state)
        if isinstance(cond.value, SigmaString) and cond.value.contains_special():
            field = self.escape_and_quote_field(cond.field)
            return f"{field} LIKE {self.convert_value_str(cond.value, state)}"
        return super().convert_condition_field_eq_val_str_case_sensitive(cond, state)

    def convert_condition_field_eq_val_cidr(
        self, cond: ConditionFieldEqualsValueExpression, _state: ConversionState
    ) -> str | DeferredQueryExpression:
        """Asked of the address; ES|QL takes 10.0.0.1 and ::ffff:10.0.0.1 for one, and the rule does not."""
        value = cond.value
        if not isinstance(value, SigmaCIDRExpression):
            raise TypeError(f"{type(value).__name__} is no network")
        is_old = value.network.version == 4
        colon = f'{"NOT " if is_old else ""}{self.escape_and_quote_field(cond.field)} LIKE "*:*"'
        return f"(CIDR_MATCH({paths.ADDRESS}, {quoted(str(value.network))}) AND {colon})"

    def convert_condition_field_eq_val_null(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str | DeferredQueryExpression:
        """A list is there even if it is empty, though it is stored as if it were not."""
        if cond.field in self.lists:
            return f"NOT {self._is_there(cond.field)}"
        return super().convert_condition_field_eq_val_null(cond, state)

    def convert_condition_field_exists(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str | DeferredQueryExpression:
        """The same the other way round."""
        if cond.field in self.lists:
            return self._is_there(cond.field)
        return super().convert_condition_field_exists(cond, state)

    def decide_convert_condition_as_in_expression(
        self, cond: ConditionOR | ConditionAND, state: ConversionState
    ) -> bool:
        """IN for plain folded texts alone: its left side is TO_LOWER, which takes no number."""
        texts = all(
            isinstance(arg, ConditionFieldEqualsValueExpression)
            and type(arg.value) is SigmaString
            and arg.field not in self.lists
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
            return f"NOT ({inner})" if str(inner).startswith("NOT ") else f"NOT {inner}"
        return f"NOT COALESCE({inner}, false)"

    def finalize_query_default(
        self,
        rule: SigmaRule,  # noqa: ARG002 (the back end's signature)
        query: str,
        index: int,  # noqa: ARG002
        state: ConversionState,
    ) -> str:
        """One command a line; the metadata lets Elastic recognise a row it has alerted on.

        Without LIMIT a search shows 1000 rows; a detection rule has its own "Max alerts per run", and its
        documents ask for no LIMIT and no SORT.
        """
        source = state.processing_state["index"]
        return f"FROM {source} METADATA {self.state_defaults['metadata']}\n| WHERE {query}"

    def _holds(self, cond: ConditionFieldEqualsValueExpression, shown: str, state: ConversionState) -> str:
        field = shown.format(field=self.escape_and_quote_field(cond.field))
        value = cond.value
        if not isinstance(value, SigmaString):
            raise TypeError(f"{type(value).__name__} in a list")
        return f"MV_CONTAINS({field}, {self.convert_value_str(value, state)})"

    def _is_there(self, field: str) -> str:
        path = self.escape_and_quote_field(field)
        return f"({path} IS NOT NULL OR MV_CONTAINS({paths.EMPTY_LISTS}, {quoted(self.lists[field])}))"


def pipeline(columns: Sequence[Column], index: str = paths.INDEX) -> ProcessingPipeline:
    """Elastic's names, and where the audit log is written to."""
    return ProcessingPipeline(
        name="mcpsoar-esql",
        priority=PRIORITY,
        items=[
            as_stored(columns),
            as_named(columns),
            ProcessingItem(SetStateTransformation("index", index), identifier="mcp-audit-index"),
        ],
    )
