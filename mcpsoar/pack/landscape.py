"""What is known of the field beside the content: techniques of each risk, what log sources can fill, gaps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcpsoar.core.errors import BadContent
from mcpsoar.kit import yamltext
from mcpsoar.kit.complaints import together
from mcpsoar.pack import schema
from mcpsoar.pack.locate import folder, own

FRAMEWORKS = ("atlas", "owasp", "safe")
OWN = "own"
_EVIDENCE = (OWN, "recorded", "source", "documentation")
_SHAPES: dict[str, dict[str, type]] = {
    "risks": {"id": str, "title": str, "atlas": list, "owasp": list, "safe": list},
    "gates": {"id": str, "risks": list, "needs": list},
    "sources": {"id": str, "title": str, "evidence": str, "fills": list, "cannot": str},
    "joined": {"columns": list, "by": list, "of": str},
    "gaps": {"risk": str, "what": str, "why": str},
}
_OPTIONAL = {"sources": {"opt_in"}}


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk and the techniques that belong to it: framework → ids, in lower case."""

    id: str
    title: str
    techniques: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What a gate's own file does not say: the risks that it watches, and the columns that it needs."""

    risks: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogSource:
    """A log format: columns that its events carry, and column → condition for those that they may carry.

    `evidence` tells how that is known: recorded, read in the source, or from documentation alone; OWN is the
    lab's gateway, which stands for what a gateway could write.
    """

    id: str
    title: str
    evidence: str
    fills: tuple[str, ...]
    opt_in: Mapping[str, str]
    cannot: str


@dataclass(frozen=True, slots=True)
class Join:
    """Columns that are looked up in `of` when a log is read, by columns that its events carry."""

    columns: tuple[str, ...]
    by: tuple[str, ...]
    of: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Something known to happen that no content here can see, and why."""

    risk: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Landscape:
    """`names` are those of techniques: framework → id → name, where one is known."""

    atlas_version: str
    risks: tuple[Risk, ...]
    names: Mapping[str, Mapping[str, str]]
    gates: Mapping[str, GateFacts]
    sources: tuple[LogSource, ...]
    joined: tuple[Join, ...]
    gaps: tuple[Gap, ...]


def load(root: Path) -> Landscape:
    """The pack's `sql/coverage.yml`, else our own. Raises BadContent with every complaint, at file:line."""
    path = folder(root, "sql") / "coverage.yml"
    if not path.is_file():
        path = own() / "sql" / "coverage.yml"
    located = yamltext.read(path)
    complaints = list(_shape_complaints(located))
    if not complaints:
        columns = {column.name for column in schema.load(root)}
        complaints = list(_meaning_complaints(located, columns))
    if complaints:
        raise together(complaints)
    value = located.value
    return Landscape(
        atlas_version=value["atlas_version"],
        risks=tuple(
            Risk(one["id"], one["title"], {name: tuple(one[name]) for name in FRAMEWORKS})
            for one in value["risks"]
        ),
        names=value["names"],
        gates={one["id"]: GateFacts(tuple(one["risks"]), tuple(one["needs"])) for one in value["gates"]},
        sources=tuple(
            LogSource(
                one["id"], one["title"], one["evidence"], tuple(one["fills"]), _opt_in(one), one["cannot"]
            )
            for one in value["sources"]
        ),
        joined=tuple(Join(tuple(one["columns"]), tuple(one["by"]), one["of"]) for one in value["joined"]),
        gaps=tuple(Gap(**one) for one in value["gaps"]),
    )


def _opt_in(source: dict[str, Any]) -> dict[str, str]:
    return {column: one["when"] for one in source.get("opt_in", ()) for column in one["columns"]}


def _shape_complaints(located: yamltext.Located) -> Iterator[BadContent]:
    value = located.value
    if not isinstance(value, dict) or set(value) != {"atlas_version", "names", *_SHAPES}:
        yield located.bad(f"has the keys atlas_version, names, {', '.join(_SHAPES)}, and no others")
        return
    if not isinstance(value["atlas_version"], str):
        yield located.bad("atlas_version is a text; put it in quotes", "atlas_version")
    names = value["names"]
    if not isinstance(names, dict) or not all(_are_texts(one) for one in names.values()):
        yield located.bad("names gives each framework its ids and their names", "names")
    for part, shape in _SHAPES.items():
        if not isinstance(value[part], list):
            yield located.bad(f"{part} is a list", part)
            continue
        for at, one in enumerate(value[part]):
            keys = set(one) - _OPTIONAL.get(part, set()) if isinstance(one, dict) else set()
            if keys != set(shape):
                yield located.bad(f"an entry of {part} has the keys {', '.join(shape)}", part, at)
                continue
            for key, kind in shape.items():
                if not _is(one[key], kind):
                    said = "a list of texts" if kind is list else "a text"
                    yield located.bad(f"{key} is {said}", part, at, key)
            if not _is_opt_in(one.get("opt_in", [])):
                yield located.bad("opt_in holds entries of columns and when", part, at, "opt_in")


def _meaning_complaints(located: yamltext.Located, columns: set[str]) -> Iterator[BadContent]:
    value = located.value
    for at, one in enumerate(value["sources"]):
        if one["evidence"] not in _EVIDENCE:
            yield located.bad(f"evidence is one of {', '.join(_EVIDENCE)}", "sources", at, "evidence")
        yield from _no_columns(located, columns, (*one["fills"], *_opt_in(one)), "sources", at)
    for at, one in enumerate(value["joined"]):
        yield from _no_columns(located, columns, (*one["columns"], *one["by"]), "joined", at)
    risks = {one["id"] for one in value["risks"]}
    for at, one in enumerate(value["gates"]):
        yield from _no_columns(located, columns, one["needs"], "gates", at)
        for risk in set(one["risks"]) - risks:
            yield located.bad(f"no risk is called {risk!r}", "gates", at, "risks")
    for at, one in enumerate(value["gaps"]):
        if one["risk"] not in risks:
            yield located.bad(f"no risk is called {one['risk']!r}", "gaps", at, "risk")
    for part in ("risks", "sources", "gates"):
        ids = [one["id"] for one in value[part]]
        for at, name in enumerate(ids):
            if name in ids[:at]:
                yield located.bad(f"{name!r} stands twice", part, at, "id")


def _no_columns(
    located: yamltext.Located, columns: set[str], named: tuple[str, ...] | list[str], *at: str | int
) -> Iterator[BadContent]:
    for name in named:
        if name not in columns:
            yield located.bad(f"mcp_audit has no column {name!r}", *at)


def _is(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return isinstance(value, str) and bool(value.strip())


def _is_opt_in(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(entry, dict)
        and set(entry) == {"columns", "when"}
        and _is(entry["columns"], list)
        and _is(entry["when"], str)
        for entry in value
    )


def _are_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for pair in value.items() for one in pair)
