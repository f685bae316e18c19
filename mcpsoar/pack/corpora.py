"""Recorded logs beside a pack: what each holds, who must see it, and which alarms of no harm are known.

manifest.json   {"corpora": [{"name", "file", "label", "kind", "risk", "story", "expect", …}]}
known.json      {"rule": {"count": 3, "why": "a sentence"}}: alarms on benign logs that are explained
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcpsoar.core.digest import Json
from mcpsoar.core.errors import BadContent, Malformed, Usage
from mcpsoar.kit import strictjson, yamltext
from mcpsoar.pack import cases

LABELS = ("recorded", "replayed", "synthetic")
KINDS = ("benign", "attack")
MANIFEST = "manifest.json"
KNOWN = "known.json"
_PLACES = ("tests/data/corpora", "corpora")  # in a checkout, in a wheel
_LIMIT_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Corpus:
    """One log: `label` says how it came to be, `expect` are the ids that must fire on it."""

    name: str
    path: Path
    label: str
    is_attack: bool
    risk: str | None
    story: str
    expect: tuple[str, ...]
    where: str


@dataclass(frozen=True, slots=True)
class Explained:
    """So many alarms on benign logs are known (at most, with a user's pack or logs), and why none counts."""

    count: int
    why: str


def beside(root: Path) -> Path | None:
    """The folder of a pack's own corpora; None where it has none."""
    return next((root / place for place in _PLACES if (root / place / MANIFEST).is_file()), None)


def load(folder: Path) -> tuple[Corpus, ...]:
    """Every corpus of a folder. Raises BadContent with file:line, Usage where there is no manifest."""
    path = folder / MANIFEST
    if not path.is_file():
        said = f"no corpora in {folder}: it holds no {MANIFEST}"
        raise Usage(said, next_command="mcpsoar rules test --no-corpora")
    text, value = _read(path)
    if not isinstance(value, dict) or set(value) != {"corpora"} or not isinstance(value["corpora"], list):
        raise BadContent('holds {"corpora": […]} and nothing else', where=f"{path}:1")
    lines = cases.starts(text)
    found = tuple(_corpus(item, folder, f"{path}:{next(lines)}") for item in value["corpora"])
    names: dict[str, Corpus] = {}
    for one in found:
        if names.setdefault(one.name, one) is not one:
            raise BadContent(f"two corpora are called {one.name!r}", where=one.where)
    return found


def known(folder: Path) -> Mapping[str, Explained]:
    """The explained alarms of each rule; none where nobody wrote any. Raises BadContent."""
    path = folder / KNOWN
    if not path.is_file():
        return {}
    _, value = _read(path)
    if not isinstance(value, dict):
        raise BadContent('holds {"rule": {"count": 1, "why": "…"}}', where=f"{path}:1")
    return {rule: _explained(rule, item, path) for rule, item in value.items()}


def _read(path: Path) -> tuple[str, Json]:
    text = yamltext.text(path, at_most=_LIMIT_BYTES)
    try:
        return text, strictjson.parse(text.encode(), noun="the file")
    except Malformed as error:
        raise BadContent(error.message, where=f"{path}:1") from None


def _corpus(item: Any, folder: Path, where: str) -> Corpus:
    if not isinstance(item, dict):
        raise BadContent("a corpus is an object", where=where)
    for key in ("name", "file", "story"):
        if not isinstance(item.get(key), str) or not item[key].strip():
            raise BadContent(f"a corpus has a {key}", where=where)
    for key, allowed in (("label", LABELS), ("kind", KINDS)):
        if item.get(key) not in allowed:
            raise BadContent(f"{key} is one of {', '.join(allowed)}", where=where)
    expect, risk = item.get("expect", []), item.get("risk")
    if not isinstance(expect, list) or not all(isinstance(one, str) for one in expect):
        raise BadContent("expect is a list of ids of rules and detections", where=where)
    if item["kind"] == "benign" and expect:
        raise BadContent("on a benign log nothing is expected", where=where)
    if risk is not None and not isinstance(risk, str):
        raise BadContent("risk is a text or null", where=where)
    path = folder / item["file"]
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BadContent("file lies outside the folder", where=where)
    if not path.is_file():
        raise BadContent(f"there is no {path}", where=where)
    return Corpus(
        name=item["name"],
        path=path,
        label=item["label"],
        is_attack=item["kind"] == "attack",
        risk=risk,
        story=item["story"],
        expect=tuple(expect),
        where=where,
    )


def _explained(rule: str, item: Any, path: Path) -> Explained:
    count, why = (item.get("count"), item.get("why")) if isinstance(item, dict) else (None, None)
    if type(count) is not int or count < 1 or not isinstance(why, str) or not why.strip():
        raise BadContent(f"{rule!r} has a count above 0 and a why", where=f"{path}:1")
    return Explained(count, why)
