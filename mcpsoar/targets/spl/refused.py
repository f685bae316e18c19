"""What neither `search` nor `where` can say, refused by name."""

from collections.abc import Sequence

from sigma.types import SigmaTimestampPart, SigmaType

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column
from mcpsoar.targets.bridge import leaf
from mcpsoar.targets.bridge.table import normal
from mcpsoar.targets.rule import refuse
from mcpsoar.targets.rule.reading import Item
from mcpsoar.targets.rule.refuse import Refusals
from mcpsoar.targets.spl import expression, fields, search


def refused(columns: Sequence[Column]) -> Refusals:
    """With the reasons."""
    asked = (refuse.placeholder, refuse.keyword, _unsaid(columns))
    return Refusals("splunk", {SigmaTimestampPart: "parts of a time"}, asked)


def _unsaid(columns: Sequence[Column]) -> refuse.Why:
    by_name = {column.name: column for column in columns}
    table, held = normal(columns), fields.normalised(columns)

    def why(item: Item, value: SigmaType) -> str | None:
        if item.field is None or search.is_exact(by_name.get(item.field), value):
            return None
        try:
            expression.condition(leaf.compare(item.field, value, table), held)
        except Unsupported as error:
            return error.message
        return None

    return why
