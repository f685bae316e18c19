"""Splunk: an add-on that parses and normalises, and an app of searches, macros, lists and dashboards."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import mcpsoar
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.kit.mapping import MappingKey
from mcpsoar.siems.in_splunk.asks import PROFILE_KEYS, SOURCETYPE_KEY
from mcpsoar.siems.objects import BuildOption, Item, PackFile

if TYPE_CHECKING:
    from mcpsoar.siems.asked import Connected, Content, Siem
    from mcpsoar.siems.checks import Check
    from mcpsoar.siems.checks.cases import Asked

_VIEWS = "default/data/ui/views/"


class Splunk:
    """The SIEM `splunk`."""

    comment = "``` {} ```"
    build_options: tuple[BuildOption, ...] = ()
    mapping_keys: tuple[MappingKey, ...] = (SOURCETYPE_KEY,)
    profile_keys: tuple[str, ...] = PROFILE_KEYS
    addresses: tuple[str, ...] = ()

    def files(self, content: "Content") -> Iterator[PackFile]:
        """Two packages and a README. Raises Usage, BadContent, and Unsupported where the lint complains."""
        from mcpsoar.siems.in_splunk import addon, app, lint, package, queries, readme

        queried = queries.of(content)
        said = readme.written(content, queried).encode()
        apps = {
            app.APP.id: app.files(content, queried),
            addon.TA.id: addon.files(content),
        }
        shared = {"README.md": said, "LICENSE": readme.LICENCE.encode()}
        placed = {name: _placed(name, files | shared) for name, files in apps.items()}
        every = {path: one for files in placed.values() for path, one in files.items()}
        found = tuple(lint.complaints(every, app.enabled(content)))
        if found:
            raise Unsupported(f"the pack for splunk would be wrong: {'; '.join(found)}")
        for name, files in placed.items():
            yield PackFile(f"{name}-{mcpsoar.__version__}.tgz", package.tgz(files))
        yield PackFile("README.md", said)

    def items(self, content: "Content") -> tuple[Item, ...]:
        """What the app holds; the add-on is installed, as its parsing is done where events come in."""
        from mcpsoar.siems.in_splunk import app, lists, queries, views

        pages = {
            path.removeprefix(_VIEWS).removesuffix(".xml"): {"eai:data": page.decode()}
            for path, page in views.files(content).items()
            if path.startswith(_VIEWS)
        }
        kinds: Mapping[str, Mapping[str, Mapping[str, str]]] = {
            "storage/collections/config": dict(lists.collections()),
            "configs/conf-transforms": dict(lists.lookups()),
            "configs/conf-macros": app.macros(content),
            "saved/searches": app.searches(content, queries.of(content)),
            "data/ui/views": pages,
        }
        return tuple(Item(kind, name, body) for kind, there in kinds.items() for name, body in there.items())

    def checks(self, cases: Sequence["Asked"], content: "Content") -> Iterator["Check"]:
        """One search a case, with its events inside; what SPL cannot say is told with its reason."""
        from mcpsoar.siems.in_splunk import selftest

        return selftest.checks(cases, content)

    def connect(self, binding: Binding, *, clock: Clock) -> "Connected":
        """Its REST API, in one app. Raises Usage."""
        from mcpsoar.siems.in_splunk import api

        return api.connect(binding, clock=clock)


def make() -> "Siem":
    """The SIEM."""
    return Splunk()


def _placed(name: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{name}/{path}": content for path, content in files.items()}
