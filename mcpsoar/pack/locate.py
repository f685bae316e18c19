"""Where the content is: --pack, then $MCPSOAR_PACK, then the wheel's own, then the checkout's."""

from collections.abc import Mapping
from pathlib import Path

import mcpsoar
from mcpsoar.core.errors import Usage

FOLDERS = ("sigma_rules", "sql", "playbooks")


def locate(pack: str | None, environ: Mapping[str, str]) -> Path:
    """The root that holds `sigma_rules/`, `sql/` and `playbooks/` (a user's pack may hold some of them).

    Raises Usage when a named pack is not there or holds none of the three.
    """
    named = pack or environ.get("MCPSOAR_PACK")
    if named:
        root = Path(named)
        if not any((root / folder).is_dir() for folder in FOLDERS):
            raise Usage(
                f"no pack at {named}: it has none of {', '.join(f'{folder}/' for folder in FOLDERS)}",
                next_command="mcpsoar rules list --pack DIR",
            )
        return root
    return own()


def own() -> Path:
    """The content this installation came with."""
    package = Path(mcpsoar.__file__).parent
    in_wheel = package / "content"
    return in_wheel if in_wheel.is_dir() else package.parent


def folder(root: Path, name: str) -> Path:
    """One of the three folders; what a user's pack does not hold is taken from our own."""
    there = root / name
    return there if there.is_dir() else own() / name
