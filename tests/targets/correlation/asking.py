"""A table of events on one engine, and correlations asked of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.rule import SigmaRule
from sqlglot import exp, parse_one

from mcpsoar.targets import correlation as correlations
from mcpsoar.targets.bridge import dialect as dialects

BASE = """
title: Rule {0}
id: {1}
name: {0}
logsource: {{category: test}}
detection:
  one: {{{0}: 1}}
  condition: one
---
"""
NAMES = ("a", "b", "c")
IDS = {name: f"00000000-0000-4000-8000-{n:012}" for n, name in enumerate(NAMES)}
COLUMNS = (
    "n BIGINT, at_time BIGINT, usr TEXT, other TEXT, val BIGINT, more BIGINT, a BIGINT, b BIGINT, c BIGINT"
)
DECOYS = ("at_ms", "p0", "k0_0", "k0", "v0_0", "v0", "c_0", "m0")  # columns named as those of statements
Event = dict[str, Any]


@dataclass(frozen=True)
class Engine:
    """A connection, and the dialect it speaks."""

    dialect: str
    database: Any

    def found(self, rule: SigmaCorrelationRule, events: Sequence[Event]) -> list[int]:
        """The `n` of every row that the statement of the rule gives over the events."""
        return self.asked(built(rule), events)

    def asked(self, tree: exp.Select, events: Sequence[Event]) -> list[int]:
        """The first column of a statement over the events, sorted."""
        cursor = self.database if self.dialect == "duckdb" else self.database.cursor()
        cursor.execute("DROP TABLE IF EXISTS events")
        decoys = ", ".join(f"{name} TEXT DEFAULT 'decoy'" for name in DECOYS)
        cursor.execute(f"CREATE TEMP TABLE events ({COLUMNS}, {decoys})")
        if events:
            marks = ", ".join(["%s" if self.dialect == "postgres" else "?"] * 9)
            rows = ", ".join([f"({marks})"] * len(events))
            values = [value for one in events for value in row(one)]
            columns = ", ".join(column.split()[0] for column in COLUMNS.split(", "))
            cursor.execute(f"INSERT INTO events ({columns}) VALUES {rows}", values)  # marks alone
        cursor.execute(dialects.text(correlations.ordered(tree, self.dialect), self.dialect))
        return sorted(found[0] for found in cursor.fetchall())


def event(n: int, at_ms: int | None, rules: str, key: str | None = "x", **more: Any) -> Event:
    """One event; `more` may be other, value, second."""
    return {"n": n, "at_ms": at_ms, "rules": set(rules), "key": key, **more}


def row(one: Event) -> list[Any]:
    """The event as the table has it."""
    values = [one["n"], one["at_ms"], one["key"], one.get("other"), one.get("value"), one.get("second")]
    return [*values, *(int(name in one["rules"]) for name in NAMES)]


@cache
def correlation(kind: str, body: str, rules: str = "[a, b, c]", span: str = "10s") -> SigmaCorrelationRule:
    """A correlation rule over the rules a, b and c, which ask the columns of their names."""
    return read(said("both", kind, body, rules, span))["both"]


def said(name: str, kind: str, body: str, rules: str, span: str = "10s") -> str:
    """The text of a correlation."""
    about = f"title: {name}\nname: {name}\ncorrelation:\n  type: {kind}\n"
    return f"{about}  rules: {rules}\n  timespan: {span}\n{body}\n"


def read(*texts: str) -> dict[str, SigmaCorrelationRule]:
    """Correlations by name, over the rules a, b and c and over each other."""
    bases = "".join(BASE.format(name, own) for name, own in IDS.items())
    collection = SigmaCollection.from_yaml(bases + "---\n".join(texts))
    collection.resolve_rule_references()
    return {str(one.name): one for one in collection.rules if isinstance(one, SigmaCorrelationRule)}


def chained(outer: SigmaCorrelationRule) -> exp.Select:
    """The statement of a correlation of correlations, these of any depth, over the table of events."""
    inner = {}
    for one in outer.referenced_rules:
        assert isinstance(one.rule, SigmaCorrelationRule)
        of_rules = all(isinstance(each.rule, SigmaRule) for each in one.rule.referenced_rules)
        inner[one.reference] = (one.rule, built(one.rule) if of_rules else chained(one.rule))
    return correlations.nested(outer, inner, ("n",))


def source() -> correlations.Source:
    """The table of events."""
    return correlations.Source(
        table=exp.to_table("events"),
        at=exp.column("at_time", quoted=True),
        column=lambda _, field: exp.column(field, quoted=True),
        number=lambda _, field: exp.column(field, quoted=True),
        carried=("n",),
    )


def built(rule: SigmaCorrelationRule) -> exp.Select:
    """The statement of a rule over the table of events."""
    predicates: dict[str, Any] = {
        one.reference: parse_one(f"COALESCE({one.rule.name} = 1, FALSE)") for one in rule.referenced_rules
    }
    return correlations.statement(rule, predicates, source())
