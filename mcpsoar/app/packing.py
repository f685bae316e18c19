"""A pack for a SIEM, written to a folder."""

from pathlib import Path

from mcpsoar.core.errors import Usage
from mcpsoar.core.siem import PackFile
from mcpsoar.kit import find
from mcpsoar.siems import asked
from mcpsoar.siems.asked import Options, Siem

SIEMS = "mcpsoar.siems"


def siem(name: str) -> Siem:
    """The SIEM of that name. Raises Usage."""
    made: Siem = find.load(SIEMS, name).make()
    return made


def built(
    root: Path,
    name: str,
    options: Options,
    *,
    tuning: Path | None = None,
    mapping: Path | None = None,
) -> tuple[PackFile, ...]:
    """The files of one pack, by path. Raises Usage, BadContent, Unsupported."""
    made = siem(name)
    content = asked.content(root, options, tuning, mapping)
    return tuple(sorted(made.files(content), key=lambda file: file.path))


def write(files: tuple[PackFile, ...], folder: Path) -> None:
    """Put the files there; a file of another pack stays. Raises Usage for a folder that cannot be written."""
    for file in files:
        path = folder / file.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        except OSError as error:
            raise Usage(f"cannot be written: {error.strerror}", where=str(path)) from None
