"""pySigma's back end for Lucene, with Sigma's meaning of case, of absence, of lists and of NOT.

Whatever converts a condition gives one clause, or `NOT ` and one clause: `clauses` joins them.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from sigma.backends.elasticsearch.elasticsearch_lucene import LuceneBackend
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
)
from sigma.conversion.deferred import DeferredQueryExpression
from sigma.conversion.state import ConversionState
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule
from sigma.types import (
    CompareOperators,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExpansion,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SpecialChars,
)

from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.lucene import clauses, regexp, text
from mcpsoar.targets.es.names import as_named
from mcpsoar.targets.rule.pipeline import PRIORITY, as_stored

_RANGES = {
    CompareOperators.LT: "{{* TO {}}}",
    CompareOperators.LTE: "[* TO {}]",
    CompareOperators.GT: "{{{} TO *}}",
    CompareOperators.GTE: "[{} TO *]",
}


class Lucene(LuceneBackend):
    """The stock back end with Sigma's meaning; what it cannot say is refused before it is asked."""

    explicit_not_exists_expression: ClassVar[bool] = True

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(pipeline(columns))
        kinds = {paths.of(column.name): column.kind for column in columns}
        self._blank = frozenset(path for path, kind in kinds.items() if kind is Kind.TEXT)
        self._folded = frozenset(path for path, kind in kinds.items() if kind is Kind.ENUM)
        self._lists = {paths.of(column.name): column.name for column in columns if column.kind is Kind.TEXTS}

    def convert_condition_or(self, cond: ConditionOR, state: ConversionState) -> str:
        """Several texts of one field are asked in one group of that field."""
        if self.decide_convert_condition_as_in_expression(cond, state):
            return str(self.convert_condition_as_in_expression(cond, state))
        return clauses.either(self._clause(arg, state) for arg in cond.args)

    def convert_condition_and(self, cond: ConditionAND, state: ConversionState) -> str:
        """NOT stands beside a clause that is none."""
        return clauses.both([self._clause(arg, state) for arg in cond.args])

    def convert_condition_not(self, cond: ConditionNOT, state: ConversionState) -> str:
        """The other way round; an absent field is what a NOT finds, as Sigma wants it."""
        return clauses.negated(self._clause(cond.args[0], state))

    def decide_convert_condition_as_in_expression(
        self, cond: ConditionOR | ConditionAND, state: ConversionState
    ) -> bool:
        """For texts alone that are not another word for absence."""
        texts = all(
            isinstance(arg, ConditionFieldEqualsValueExpression)
            and isinstance(arg.value, SigmaString)
            and self._presence(arg.field, arg.value) is None
            for arg in cond.args
        )
        return texts and bool(super().decide_convert_condition_as_in_expression(cond, state))

    def convert_condition_as_in_expression(
        self, cond: ConditionOR | ConditionAND, _state: ConversionState
    ) -> str:
        """`field:(one OR another)`."""
        args = [arg for arg in cond.args if isinstance(arg, ConditionFieldEqualsValueExpression)]
        field = args[0].field
        values = dict.fromkeys(self._said(field, arg.value) for arg in args)
        joined = self.list_separator.join(values)
        return f"{field}:{joined}" if len(values) == 1 else f"{field}:({joined})"

    def convert_condition_field_eq_val_str(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str:
        """A term of an inverted index has no case to ignore: letters become sets, unless |cased."""
        there = self._presence(cond.field, cond.value)
        if there is None:
            return f"{cond.field}:{self._said(cond.field, cond.value)}"
        if there:
            return self.convert_condition_field_exists(cond, state)
        return self.convert_condition_field_eq_val_null(cond, state)

    def convert_condition_field_eq_val_str_case_sensitive(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str:
        """The same: which of the two it is, the value knows."""
        return self.convert_condition_field_eq_val_str(cond, state)

    def convert_condition_field_eq_val_num(
        self, cond: ConditionFieldEqualsValueExpression, _state: ConversionState
    ) -> str:
        """A range of one number, because a minus before a word is an operator."""
        return f"{cond.field}:{_number(cond.value)}"

    def convert_condition_field_compare_op_val(
        self, cond: ConditionFieldEqualsValueExpression, _state: ConversionState
    ) -> str:
        """A range; `|neq` is what is not that number, or none."""
        value = cond.value
        if not isinstance(value, SigmaCompareExpression):
            raise TypeError(f"{type(value).__name__} is no comparison")
        if value.op is CompareOperators.NEQ:
            return clauses.negated(f"{cond.field}:{_number(value.number)}")
        return f"{cond.field}:{_RANGES[value.op].format(value.number)}"

    def convert_condition_field_eq_val_re(
        self, cond: ConditionFieldEqualsValueExpression, _state: ConversionState
    ) -> str:
        """The whole value, in Lucene's words."""
        if not isinstance(cond.value, SigmaRegularExpression):
            raise TypeError(f"{type(cond.value).__name__} is no regular expression")
        return f"{cond.field}:/{regexp.of(cond.value)}/"

    def convert_condition_field_eq_val_cidr(
        self, cond: ConditionFieldEqualsValueExpression, _state: ConversionState
    ) -> str:
        """Asked of the address, where 10.0.0.1 and ::ffff:10.0.0.1 are one; to the rule they are not."""
        value = cond.value
        if not isinstance(value, SigmaCIDRExpression):
            raise TypeError(f"{type(value).__name__} is no network")
        colon = f"{cond.field}:/.*:.*/"
        is_old = value.network.version == 4
        return clauses.both(
            [f'{paths.ADDRESS}:"{value.network}"', clauses.negated(colon) if is_old else colon]
        )

    def convert_condition_field_eq_expansion(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str:
        """Any of several values."""
        value = cond.value
        if not isinstance(value, SigmaExpansion):
            raise TypeError(f"{type(value).__name__} is no expansion")
        args = [ConditionFieldEqualsValueExpression(cond.field, one) for one in value.values]
        return self.convert_condition_or(ConditionOR([*args]), state)

    def convert_condition_field_exists(
        self, cond: ConditionFieldEqualsValueExpression, _state: ConversionState
    ) -> str:
        """There; a list is, even if it is empty, and a text is not, if it is blank."""
        there = f"_exists_:{cond.field}"
        if cond.field in self._lists:
            return clauses.either([there, f"{paths.EMPTY_LISTS}:{text.literal(self._lists[cond.field])}"])
        return (
            clauses.both([there, clauses.negated(f"{cond.field}:/ */")])
            if cond.field in self._blank
            else there
        )

    def convert_condition_field_eq_val_null(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str:
        """The other way round."""
        return clauses.negated(self.convert_condition_field_exists(cond, state))

    def convert_condition_field_not_exists(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str:
        """The same as null."""
        return self.convert_condition_field_eq_val_null(cond, state)

    def finalize_query_default(
        self,
        rule: SigmaRule,  # noqa: ARG002 (the back end's signature)
        query: str,
        index: int,  # noqa: ARG002
        state: ConversionState,  # noqa: ARG002
    ) -> str:
        """No NOT stands alone, and no parentheses around it all."""
        return clauses.whole(query)

    def _clause(self, cond: Any, state: ConversionState) -> str:
        made = self.convert_condition(cond, state)
        if made is None or isinstance(made, DeferredQueryExpression):
            raise TypeError(f"{type(cond).__name__} gave no query")
        return str(made)

    def _presence(self, field: str, value: object) -> bool | None:
        """Whether a text asks for a list as such: one that is empty for none, an asterisk for any."""
        if field not in self._lists or not isinstance(value, SigmaString):
            return None
        if value.s and all(part is SpecialChars.WILDCARD_MULTI for part in value.s):
            return True
        return None if any(value.s) else False

    def _said(self, field: str, value: object) -> str:
        if not isinstance(value, SigmaString):
            raise TypeError(f"{type(value).__name__} among texts")
        if field in self._folded:
            return text.of(value.lower(), folds=False)
        return text.of(value, folds=not isinstance(value, SigmaCasedString))


def _number(value: object) -> str:
    if not isinstance(value, SigmaNumber):
        raise TypeError(f"{type(value).__name__} is no number")
    said = str(value.number)
    return said if said.isdigit() else f"[{said} TO {said}]"


def pipeline(columns: Sequence[Column]) -> ProcessingPipeline:
    """Elastic's names. Which data stream is searched, is said beside a query string and not in it."""
    return ProcessingPipeline(
        name="mcpsoar-lucene",
        priority=PRIORITY,
        items=[
            as_stored(columns),
            as_named(columns),
        ],
    )
