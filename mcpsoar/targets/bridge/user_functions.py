"""What SQLite lacks: `REGEXP`, registered on a connection before it runs a converted rule.

database = sqlite3.connect("audit.db"); user_functions.register(database)
"""

import re
import sqlite3
from functools import lru_cache


def register(database: sqlite3.Connection) -> None:
    """Give this connection `text REGEXP pattern`: found anywhere, NULL where either is NULL."""
    database.create_function("REGEXP", 2, _found, deterministic=True)


def _found(pattern: str | None, text: object) -> bool | None:
    if pattern is None or text is None:
        return None
    return _compiled(pattern).search(str(text)) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
