"""Plug-ins by name: one import for the one that is asked for, none to list the rest.

A plug-in folder holds plug-ins only, so its listing is the registry. Outside packages use an entry
point group of the same name as the folder's package; they never shadow a built-in.
"""

from importlib import import_module, util
from pathlib import Path
from types import ModuleType

from mcpsoar.core.errors import Usage


def names(folder: str) -> tuple[str, ...]:
    """Plug-ins of `folder` (a package's dotted name), built in and from outside, without importing them."""
    from importlib import metadata

    outside = {point.name for point in metadata.entry_points(group=folder)}
    return tuple(sorted(_built_in(folder) | outside))


def load(folder: str, name: str) -> ModuleType:
    """Import one plug-in. Raises Usage when there is none of that name."""
    if name in _built_in(folder):
        return import_module(f"{folder}.{name}")
    from importlib import metadata  # 20 ms that only plug-ins from outside cost

    for point in metadata.entry_points(group=folder, name=name):
        module = point.load()
        if isinstance(module, ModuleType):
            return module
    kind = folder.rpartition(".")[2].rstrip("s")
    raise Usage(f"no {kind} named {name!r}; there are: {', '.join(names(folder))}")


def _built_in(folder: str) -> set[str]:
    spec = util.find_spec(folder)
    places = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    return {
        file.stem for place in places for file in Path(place).glob("*.py") if not file.stem.startswith("_")
    }
