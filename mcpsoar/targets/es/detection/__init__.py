"""A detection as ES|QL: the SELECT with its CTEs as one query over the events of a while.

What it cannot say exactly it refuses by name. Its rows are the SQL's: the event that completes a pattern and
the subject to blame. It sees the events of its lookback and no others, as the SQL sees those of its table.
Limits: STATS … VALUES holds a group's rows in memory and fails the query where they do not fit (page VALUES);
at most 10 000 rows come back (page "Limitations").
"""

from mcpsoar.targets.es.detection.asked import Asked, lookback_ms, query

__all__ = ["Asked", "lookback_ms", "query"]
