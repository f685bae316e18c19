"""What AppInspect does not see in the files of an app, or sees too late: settings that do harm in silence.

AppInspect (4.3) says nothing of a [default] stanza, `index=*`, enabled searches, missing lookups, searches
that write, or blank continuation lines, and does not read SPL at all.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from mcpsoar.siems.in_splunk import conf, lint_keys, lint_schedule, lint_spl
from mcpsoar.siems.in_splunk.conf import Setting
from mcpsoar.siems.in_splunk.lint_spl import Known

Files = Mapping[str, bytes]


def complaints(files: Files, enabled: Collection[str] = ()) -> Iterator[str]:
    """One line each, with file:line; `enabled` are searches that a user wants to run.

    The files of apps that are installed together, by path with the app's folder first.
    """
    known = _known(files)
    for path, content in files.items():
        text = content.decode()
        if path.endswith(".conf"):
            yield from _of_conf(path, text, known, enabled)
        elif path.endswith(".xml"):
            yield from (f"{path}: {said}" for said in lint_spl.of_page(text, known))


def _of_conf(path: str, text: str, known: Known, enabled: Collection[str]) -> Iterator[str]:
    settings = tuple(conf.read(text))
    name = path.rpartition("/")[2]
    yield from _at(path, lint_keys.of_file(name, settings))
    yield from (f"{path}:{line}: {said}" for line, said in _broken(text))
    for one in settings:
        if one.key in ("search", "definition"):
            yield from (f"{path}:{one.line}: [{one.stanza}] {said}" for said in lint_spl.of(one, known))
    if name == "savedsearches.conf":
        yield from _at(path, lint_schedule.of_file(settings, known.macros, enabled))
    if name == "macros.conf":
        yield from (
            f"{path}: [{stanza}] {said}" for stanza, said in lint_spl.of_arguments(conf.stanzas(text))
        )
    if name == "transforms.conf":
        yield from _at(path, _lookups(path, settings, known))


def _at(path: str, found: Iterator[tuple[Setting, str]]) -> Iterator[str]:
    return (f"{path}:{one.line}: [{one.stanza}] {said}" for one, said in found)


def _broken(text: str) -> Iterator[tuple[int, str]]:
    for number, (line, after) in enumerate(pairwise(text.split("\n")), 2):
        if line.endswith("\\") and not after.strip(" \\"):
            yield number, "a blank line where the one before goes on"


def _lookups(path: str, settings: Collection[Setting], known: Known) -> Iterator[tuple[Setting, str]]:
    app = path.partition("/")[0]
    for one in settings:
        if one.key == "collection" and one.value not in known.collections:
            yield one, f"there is no collection {one.value}"
        if one.key == "filename" and f"{app}/lookups/{one.value}" not in known.paths:
            yield one, f"there is no file lookups/{one.value}"


def _known(files: Files) -> Known:
    stanzas: dict[str, dict[str, dict[str, str]]] = {}
    for path, content in files.items():
        if path.endswith(".conf"):
            name = path.rpartition("/")[2]
            stanzas[name] = stanzas.get(name, {}) | conf.stanzas(content.decode())
    views = (path.rpartition("/")[2].removesuffix(".xml") for path in files if "/views/" in path)
    return Known(
        macros={name: one.get("definition", "") for name, one in stanzas.get("macros.conf", {}).items()},
        lookups=frozenset(
            name
            for name, one in stanzas.get("transforms.conf", {}).items()
            if {"collection", "filename"} & set(one)
        ),
        searches=frozenset(stanzas.get("savedsearches.conf", {})),
        collections=frozenset(stanzas.get("collections.conf", {})),
        views=frozenset(views),
        paths=frozenset(files),
    )
