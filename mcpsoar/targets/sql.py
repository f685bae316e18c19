"""Rules as SQL over the table `mcp_audit`: predicates for the engine, whole statements for people.

The table is the one of `sql/schema.sql`: enumerations in lower case, blanks NULL, derived columns filled.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import BadContent, Unsupported
from mcpsoar.core.event import Column
from mcpsoar.core.ports import Target
from mcpsoar.kit.complaints import together
from mcpsoar.targets.bridge import dialect as dialects
from mcpsoar.targets.bridge import tree
from mcpsoar.targets.rule import lint, reading

_TABLE = "mcp_audit"
_SHOWN = ("event_time", "event_id", "actor_id", "client_id", "server_name", "tool_name", "decision", "status")
_ORDER = ("event_time", "event_id")


def predicate(rule: RuleText, columns: Sequence[Column], dialect: str = "duckdb") -> exp.Expression:
    """One rule as a boolean over one row of `mcp_audit`, never NULL.

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
        known = {column.name for column in self.columns}
        where = predicate(rule, self.columns, self.dialect)
        statement = exp.select(*(_column(name) for name in _SHOWN if name in known))
        statement = statement.from_(exp.to_table(_TABLE)).where(where)
        statement = statement.order_by(*(_column(name) for name in _ORDER if name in known))
        try:
            return dialects.text(statement, self.dialect, pretty=True)
        except Unsupported as error:
            raise Unsupported(f"rule {rule.id}: {error.message}", where=str(rule.path)) from None


def make(columns: Sequence[Column], dialect: str | None = None) -> Target:
    """The target; DuckDB's SQL unless told otherwise. Raises Usage for an unknown dialect."""
    return Sql(tuple(columns), dialects.known(dialect or "duckdb"))


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)
