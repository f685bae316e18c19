"""A gate as ES|QL, to be run every minute: the contract's section 5 in one query.

Of several events with one identity (event.id and @timestamp) the first received counts: the flags of each go
into one text behind the time of receipt, and the least text of an identity is kept; + comes before -, so that
of two received at once the one that hits counts. That also makes one of the rows that a name twice on the
approved list would give. Counts of subjects are counts of rows, since COUNT_DISTINCT is approximate. Ratios
compare as integers.
"""

from mcpsoar.targets.es.commands import assigned, grouped
from mcpsoar.targets.es.gate.answers import evidence, groups, late, of_pages, state
from mcpsoar.targets.es.gate.asked import Asked, window
from mcpsoar.targets.es.gate.events import LOOKUP, each, lookup_index

__all__ = [
    "LOOKUP",
    "Asked",
    "assigned",
    "each",
    "evidence",
    "grouped",
    "groups",
    "late",
    "lookup_index",
    "of_pages",
    "state",
    "window",
]
