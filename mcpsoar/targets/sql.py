"""Rules as SQL over the table `mcp_audit`: predicates for the engine, whole statements for people.

A predicate asks what the scan has read: enumerations in lower case, blanks NULL, derived columns filled. A
statement asks the table of `sql/schema.sql` as its owner filled it, and reads it like the scan itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import BadContent, Unsupported
from mcpsoar.core.event import Column
from mcpsoar.core.ports import Target
from mcpsoar.kit.complaints import together
from mcpsoar.targets.bridge import audit, tree
from mcpsoar.targets.bridge import dialect as dialects
from mcpsoar.targets.bridge import table as tables
from mcpsoar.targets.rule import lint, reading


def predicate(rule: RuleText, columns: Sequence[Column], dialect: str = "duckdb") -> exp.Expression:
    """One rule as a boolean over one event as the scan has read it, never NULL.

    Raises BadContent (no such column, a value that no event can have, no Sigma) and Unsupported (what
    `mcp_audit` or the dialect cannot say), each with file:line.
    """
    parsed = reading.read(rule)
    lint.check(parsed, columns)
    return tree.build(parsed, columns, dialect)


def predicates(rules: Sequence[RuleText], columns: Sequence[Column]) -> dict[str, exp.Expression]:
    """Several rules at once, by id. Raises BadContent with every complaint of all, and Unsupported."""
    complaints: list[BadContent] = []
    made: dict[str, exp.Expression] = {}
    for rule in rules:
        try:
            made[rule.id] = predicate(rule, columns)
        except BadContent as error:
            complaints.append(error)
    if complaints:
        raise together(complaints)
    return made


@dataclass(frozen=True, slots=True)
class Sql:
    """The target `sql` in one dialect."""

    columns: tuple[Column, ...]
    dialect: str
    comment: str = "-- {}"

    def convert(self, rule: RuleText) -> str:
        """One SELECT that gives the events a rule matches, ordered."""
        where = predicate(rule, self.columns, self.dialect)
        statement = audit.matching(where, tables.audit(self.columns))
        try:
            return dialects.text(statement, self.dialect, pretty=True)
        except Unsupported as error:
            raise Unsupported(f"rule {rule.id}: {error.message}", where=str(rule.path)) from None


def make(columns: Sequence[Column], dialect: str | None = None) -> Target:
    """The target; DuckDB's SQL unless told otherwise. Raises Usage for an unknown dialect."""
    return Sql(tuple(columns), dialects.known(dialect or "duckdb"))
