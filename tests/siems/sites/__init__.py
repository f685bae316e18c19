"""The SIEMs that tests deploy to: one module each, whose `site` gives a `tests.siems.site.Site`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path

from tests.siems.site import Site

SITES: dict[str, Callable[..., AbstractContextManager[Site]]] = {
    file.stem: import_module(f"{__name__}.{file.stem}").site
    for file in sorted(Path(__file__).parent.glob("*.py"))
    if file.stem != "__init__"
}
