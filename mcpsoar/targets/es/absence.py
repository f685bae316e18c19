"""Absence as the dictionary has it: a text of blanks is as absent as one that is not there."""

from typing import ClassVar

from sigma.conditions import ConditionFieldEqualsValueExpression
from sigma.conversion.base import TextQueryBackend
from sigma.conversion.deferred import DeferredQueryExpression
from sigma.conversion.state import ConversionState


class BlankIsAbsent(TextQueryBackend):
    """Stands before a stock back end; `texts` are the fields, in its own names, that may hold blanks.

    The two expressions are appended to what the stock back end says of null and of presence.
    """

    explicit_not_exists_expression: ClassVar[bool] = True
    or_blank_expression: ClassVar[str]
    and_not_blank_expression: ClassVar[str]
    texts: frozenset[str] = frozenset()

    def convert_condition_field_eq_val_null(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str | DeferredQueryExpression:
        """Not there, or there and blank."""
        absent = super().convert_condition_field_eq_val_null(cond, state)
        return self._joined(cond.field, absent, self.or_blank_expression)

    def convert_condition_field_exists(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str | DeferredQueryExpression:
        """There, and more than blanks."""
        present = super().convert_condition_field_exists(cond, state)
        return self._joined(cond.field, present, self.and_not_blank_expression)

    def convert_condition_field_not_exists(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str | DeferredQueryExpression:
        """The same as null."""
        return self.convert_condition_field_eq_val_null(cond, state)

    def _joined(
        self, field: str, said: str | DeferredQueryExpression, more: str
    ) -> str | DeferredQueryExpression:
        if field not in self.texts:
            return said
        return f"({said} {more.format(field=self.escape_and_quote_field(field))})"
