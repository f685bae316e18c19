"""Clauses of a query string, joined so that nobody need know what binds tighter.

Elastic's page "Query string": AND, OR and NOT have no precedence, so that every group has one of AND and OR
and parentheses of its own; and what a NOT without anything beside it finds is not said, so that one that
stands alone has a clause beside it that every event of a data stream fulfils.
A clause is a text without AND or OR, or one in parentheses; `NOT ` may stand before it.
"""

from collections.abc import Iterable, Sequence

from mcpsoar.targets.es import paths

_EVERY = f"_exists_:{paths.TIME}"  # page "Data streams": every document has its @timestamp
_NOT = "NOT "


def both(clauses: Sequence[str]) -> str:
    """AND; a NOT has at least one clause beside it."""
    known = list(dict.fromkeys(clauses))
    if all(one.startswith(_NOT) for one in known):
        known.insert(0, _EVERY)
    return _joined(known, "AND")


def either(clauses: Iterable[str]) -> str:
    """OR; a NOT beside it would be an AND NOT, so it has a group of its own."""
    return _joined(list(dict.fromkeys(both([one]) if one.startswith(_NOT) else one for one in clauses)), "OR")


def negated(clause: str) -> str:
    """The other way round."""
    return clause.removeprefix(_NOT) if clause.startswith(_NOT) else f"{_NOT}{clause}"


def whole(clause: str) -> str:
    """A clause as a query: no NOT alone, no parentheses around it all."""
    made = both([clause]) if clause.startswith(_NOT) else clause
    return made[1:-1] if made.startswith("(") else made


def _joined(clauses: Sequence[str], operator: str) -> str:
    return clauses[0] if len(clauses) == 1 else f"({f' {operator} '.join(clauses)})"
