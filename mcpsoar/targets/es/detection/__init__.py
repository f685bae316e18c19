"""A detection as ES|QL: the SELECT with its CTEs as one query over the events of a while.

What it cannot say exactly it refuses by name. Its rows are the SQL's: the event that completes a pattern and
the subject to blame. It sees the events of its lookback and no others, as the SQL sees those of its table.

What a query may cost: each event of the lookback has a place in memory, and the rows of one group (a
conversation, a server) stand there together; an aggregate over time that is no COUNT compared with numbers
pairs each row with those of two thirtieths of its window. What does not fit fails the query with an error of
the circuit breaker (page VALUES), which the status of a rule shows, and gives no rows that look like all.
At most 10 000 matches come back, and then each says `truncated` (page "Limitations").
"""

from mcpsoar.targets.detection.lookback import lookback_ms
from mcpsoar.targets.es.detection.asked import Asked, query

__all__ = ["Asked", "lookback_ms", "query"]
