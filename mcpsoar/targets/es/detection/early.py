"""What can be told of an event by itself: whether any part of the SQL ever reads it."""

from sqlglot import exp

from mcpsoar.targets.detection import conjuncts
from mcpsoar.targets.es.detection.relation import all_of


def read_at_all(tree: exp.Query, table: str) -> exp.Expr | None:
    """What some SELECT over the table asks of an event; None where one of them reads every event."""
    conditions = []
    for source in [one for one in tree.find_all(exp.Table) if one.name == table]:
        select = source.find_ancestor(exp.Select)
        if select is None or not isinstance(source.parent, exp.From):
            return None
        names = {source.alias_or_name} | (set() if select.args.get("joins") else {""})
        own = [one for one in conjuncts(select.args.get("where")) if _is_of(one, names)]
        if not own:
            return None
        conditions.append(all_of(own))
    return exp.or_(*conditions) if conditions else None


def _is_of(condition: exp.Expr, names: set[str]) -> bool:
    """Whether it asks of a table by these names alone, and of no other query."""
    columns = list(condition.find_all(exp.Column))
    return bool(columns) and not condition.find(exp.Query) and all(one.table in names for one in columns)
