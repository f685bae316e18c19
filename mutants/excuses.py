"""Mutants that mean the same as their text, as a person found and wrote down: they are not counted.

{"detection": {"what was changed": "why no log could tell"}}
"""

import json
from collections.abc import Mapping
from pathlib import Path


def load(path: Path) -> Mapping[tuple[str, str], str]:
    """The reason of each, by the id of its text and its name."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return {(of, name): why for of, some in found.items() for name, why in some.items()}
