"""How Splunk spells a key and a value over REST, so that what is written can be compared with what is read.

A conf file's names for an alert's condition and schedule are other ones over REST (Search endpoint
descriptions, saved/searches). Booleans come back as 1 and 0 or as true and false, numbers as text, line ends
as the browser that last saved them made them.
"""

import re
from collections.abc import Mapping

from mcpsoar.core.digest import Facts, Json

OWNER = "acl.owner"
SHARING = "acl.sharing"
ACL = (OWNER, SHARING)
_REST = {
    "saved/searches": {
        "enableSched": "is_scheduled",
        "counttype": "alert_type",
        "relation": "alert_comparator",
        "quantity": "alert_threshold",
    }
}
_TEXTS = ("search", "definition", "eai:data", "description")  # never a boolean
_SWITCH = {"true": "1", "false": "0"}
_ACTION = re.compile(r"action\.[^.]+")


def spelt(kind: str, body: Facts) -> dict[str, str]:
    """Keys by their names over REST; every value a text, as a form carries it."""
    names = _REST.get(kind, {})
    return {
        names.get(key, key): _text(key, value) for key, value in body.items() if not _is_the_server_s(key)
    }


def with_actions(body: Mapping[str, str]) -> dict[str, str]:
    """The same with the list of its actions: over REST it alone switches them, `action.email` is read-only.

    Search endpoint descriptions, saved/searches: `actions` and `action.email`.
    """
    on = sorted(key.partition(".")[2] for key, value in body.items() if _is_switch(key) and value == "1")
    return {"actions": ",".join(on), **body} if on else dict(body)


def is_said_once(key: str) -> bool:
    """Whether a search runs, and which actions it takes: said when it is made, and then its owners' own."""
    return key in ("disabled", "is_scheduled", "actions") or _is_switch(key)


def is_on(key: str, body: Facts) -> bool:
    """Whether it is to run by itself: what has no schedule is shipped switched on, and only looked at."""
    return key == "disabled" and body.get(key) == "0" and body.get("is_scheduled") == "1"


def _is_switch(key: str) -> bool:
    return _ACTION.fullmatch(key) is not None


def _text(key: str, value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = value if isinstance(value, str) else str(value)
    if key in _TEXTS:
        return "\n".join(line.rstrip() for line in text.splitlines()).strip()
    return _SWITCH.get(text.strip().lower(), text.strip())


def _is_the_server_s(key: str) -> bool:
    return key.startswith("eai:") and key != "eai:data"
