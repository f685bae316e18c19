"""A pack for a SIEM, written to a folder."""

import json
from collections.abc import Mapping
from pathlib import Path

from mcpsoar.core.digest import sha256
from mcpsoar.core.errors import Usage
from mcpsoar.siems import asked, installed
from mcpsoar.siems.asked import Options
from mcpsoar.siems.objects import PackFile

LIST = "pack-files.json"  # what a build put into its folder


def built(
    root: Path,
    name: str,
    options: Options,
    *,
    tuning: Path | None = None,
    mapping: Path | None = None,
) -> tuple[PackFile, ...]:
    """The files of one pack, by path. Raises Usage, BadContent, Unsupported."""
    made = installed.siem(name)
    content = asked.content(root, options, tuning, mapping)
    return tuple(sorted(made.files(content), key=lambda file: file.path))


def write(files: tuple[PackFile, ...], folder: Path) -> tuple[str, ...]:
    """Put the files there, and take away what an earlier build put there and this one does not hold.

    What else is in the folder stays, and so does a file of the earlier build that somebody changed: the paths
    of such are given back. Raises Usage for a folder that cannot be written or a list that cannot be read.
    """
    now = {file.path: sha256(file.content) for file in files}
    changed = _cleared(folder, now)
    listed = json.dumps({"files": now}, indent=1, sort_keys=True).encode() + b"\n"
    for file in (*files, PackFile(LIST, listed)):
        path = folder / file.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        except OSError as error:
            raise Usage(f"cannot be written: {error.strerror}", where=str(path)) from None
    return changed


def _cleared(folder: Path, now: Mapping[str, str]) -> tuple[str, ...]:
    """A list that was withdrawn must not be imported again with the files beside it."""
    changed = []
    for name, was in _before(folder).items():
        path = folder / name
        if name in now or not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            continue
        if sha256(path.read_bytes()) == was:
            path.unlink()
        else:
            changed.append(name)
    return tuple(changed)


def _before(folder: Path) -> Mapping[str, str]:
    path = folder / LIST
    if not path.is_file():
        return {}
    try:
        said = json.loads(path.read_bytes())["files"]
        return {str(name): str(digest) for name, digest in said.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Usage("is no list of a pack's files; delete it", where=str(path)) from None
