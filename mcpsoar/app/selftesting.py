"""Searches that a person pastes into a SIEM, to see that its own engine answers as a scan does."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mcpsoar.app.packing import siem
from mcpsoar.core.errors import Usage
from mcpsoar.siems import asked
from mcpsoar.siems.asked import Options
from mcpsoar.siems.checks import Check


def checks(root: Path, name: str, wanted: Sequence[str] = ()) -> tuple[str, tuple[Check, ...]]:
    """How the SIEM writes a comment, and the checks of the wanted rules, or of all.

    Raises Usage for a SIEM or a rule that there is not, and BadContent.
    """
    made = siem(name)
    content = asked.content(root, Options())
    known = {rule.id: rule for rule in content.rules}
    for one in wanted:
        if one not in known:
            raise Usage(f"no rule {one!r} in {root}", next_command="mcpsoar rules list")
    chosen = tuple(known[one] for one in dict.fromkeys(wanted or known))
    return made.comment, tuple(made.checks(replace(content, rules=chosen)))
