"""Where pySigma looks for backends: `sigma convert -t mcpsoar-sql`. Everything real is in `mcpsoar.targets`.

No `__init__.py` stands above this one: `sigma` and `sigma.backends` are namespaces shared with pySigma.
"""

from collections.abc import Sequence
from functools import cached_property

from mcpsoar.core.event import Column
from mcpsoar.pack import locate, schema
from mcpsoar.targets.bridge import backend

__all__ = ["McpsoarSql"]


class McpsoarSql(backend.SqlBackend):
    """The backend with the columns of our own table; they are read when a rule asks it, not to be listed."""

    @cached_property
    def audit(self) -> Sequence[Column]:
        return schema.load(locate.own())
