"""SPL as far as names go: macros, lookups, searches and views that are not there, and what writes."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from html import unescape

from mcpsoar.siems.in_splunk.conf import Setting

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_CALL = re.compile(r"`([^`]*)`")
_NAMED = re.compile(r"([\w-]+)(?:\((.*)\))?", re.DOTALL)
_WRITES = "|".join(
    (
        *("outputlookup", "outputcsv", "collect", "mcollect", "meventcollect", "tscollect"),
        *("sendemail", "sendalert", "delete", "script", "run", "map"),
    )
)
_WRITING = re.compile(rf"(?:^|\|)\s*({_WRITES})\b")
_LOOKUP = re.compile(r"(?:^|\|)\s*(?:input|output)?lookup\s+(?:[a-z_]+=\S+\s+)*([\w.-]+)")
_EVERYWHERE = re.compile(r"\bindex\s*=\s*\*")
_ARGUMENT = re.compile(r"\$(\w+)\$")


@dataclass(frozen=True, slots=True)
class Known:
    """What the apps hold: macros by stanza with their definitions, and names of the rest."""

    macros: Mapping[str, str]
    lookups: Collection[str]
    searches: Collection[str]
    collections: Collection[str]
    views: Collection[str]
    paths: Collection[str]


def of(setting: Setting, known: Known) -> Iterator[str]:
    """Complaints about a search or a macro's definition."""
    yield from _of_text(setting.value, known)


def of_arguments(macros: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """Stanza and complaint: a macro has as many arguments as its stanza says, and uses no others."""
    for stanza, macro in macros.items():
        named = _NAMED.fullmatch(stanza)
        names = macro["args"].split(",") if macro.get("args") else []
        if str(len(names)) != (named[2] if named and named[2] else "0"):
            yield stanza, f"has {len(names)} arguments"
        for name in sorted(set(_ARGUMENT.findall(macro.get("definition", ""))) - set(names)):
            yield stanza, f"${name}$ is no argument"


def of_page(page: str, known: Known) -> Iterator[str]:
    """Complaints about a dashboard or a menu."""
    for query in re.findall(r"<query>(.*?)</query>", page, re.DOTALL):
        yield from _of_text(unescape(query), known)
    for name in map(unescape, re.findall(r'<search ref="([^"]*)"', page)):
        if name not in known.searches:
            yield f"there is no search {name!r}"
    for name in re.findall(r'<view name="([^"]*)"', page):
        if name not in known.views and name not in ("search", "alerts", "reports", "dashboards"):
            yield f"there is no view {name!r}"


def calls(text: str) -> Iterator[tuple[str, int]]:
    """The macros that a text calls, by name and how many arguments each is given."""
    for call in _CALL.findall(_STRING.sub('""', text).replace("```", "")):
        named = _NAMED.fullmatch(call.strip())
        arguments = named[2].split(",") if named and named[2] else []
        yield named[1] if named else call, len(arguments)


def _of_text(text: str, known: Known) -> Iterator[str]:
    bare = _STRING.sub('""', text)
    if _EVERYWHERE.search(text):
        yield "index=* looks into every index"
    for name, count in calls(text):
        stanza = f"{name}({count})" if count else name
        if stanza not in known.macros:
            yield f"there is no macro {stanza}"
    for name in _LOOKUP.findall(bare):
        if name not in known.lookups:
            yield f"there is no lookup {name}"
    for name in _WRITING.findall(bare):
        yield f"{name} writes or sends: a detection only reads"
