"""What makes two events one, as ES|QL asks it: event.id and @timestamp, of which the first received counts.

An event without an id is its own: `alone` names it, by what Elastic calls it.
"""

from mcpsoar.targets.es import paths
from mcpsoar.targets.es.text import quoted

_NEVER = "9999-12-31T23:59:59.999Z"  # as long as every date written as text: 24 characters
RECEIVED = f"COALESCE(TO_STRING({paths.RECEIVED}), {quoted(_NEVER)})"
BEHIND = len(_NEVER) + 1  # the place of what stands behind it in a text, counted from 1
ALONE = f'alone = CASE({paths.EVENT_ID} IS NULL, CONCAT(_index, " ", _id))'
KEYS = (paths.EVENT_ID, paths.TIME, "alone")
