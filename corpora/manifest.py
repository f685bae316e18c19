"""The manifest of the corpora: what each file is, what must see it, and whether it is still that file."""

import hashlib
import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import zstandard

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Malformed
from mcpsoar.pack.corpora import KINDS, LABELS, MANIFEST

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "data" / "corpora"
MOST_BYTES = 20_000_000
_LEVEL = 19


@dataclass(frozen=True, slots=True)
class Corpus:
    """One file. `events` are its lines, `calls` the tool calls among them; `versions` what recorded it."""

    name: str
    file: str
    label: str
    kind: str
    risk: str | None
    story: str
    expect: tuple[str, ...]
    events: int
    calls: int
    sha256: str
    versions: dict[str, str] = field(default_factory=dict)


def load(folder: Path = FOLDER) -> tuple[Corpus, ...]:
    """All corpora; none where nothing was recorded yet. Raises Malformed."""
    path = folder / MANIFEST
    if not path.exists():
        return ()
    try:
        said = json.loads(path.read_text(encoding="utf-8"))["corpora"]
        return tuple(Corpus(**{**one, "expect": tuple(one["expect"])}) for one in said)
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed(f"it is no manifest: {error}; python -m corpora record", where=str(path)) from None


def save(corpora: list[Corpus], folder: Path = FOLDER) -> None:
    """Write the manifest, benign first, attacks by name."""
    ordered = sorted(corpora, key=lambda one: (one.kind != "benign", one.name))
    text = json.dumps({"corpora": [asdict(one) for one in ordered]}, indent=1, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def write(events: list[Facts], path: Path) -> str:
    """Write events as compressed NDJSON; the SHA-256 of the file, 64 hex digits."""
    lines = b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in events)
    packed = zstandard.ZstdCompressor(level=_LEVEL).compress(lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed)
    return hashlib.sha256(packed).hexdigest()


def read(path: Path) -> list[Facts]:
    """The events of one file."""
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as plain:
        return [json.loads(line) for line in io.TextIOWrapper(plain, encoding="utf-8")]


def is_call(event: Facts) -> bool:
    return event.get("event_kind") == "tool_call"


def faults(folder: Path = FOLDER) -> list[str]:
    """What is wrong with the files, one line each; none when all is as the manifest says."""
    corpora = load(folder)
    found = [] if corpora else [f"{folder}: no corpus is recorded; python -m corpora record"]
    for one in corpora:
        found += [f"{folder / one.file}: {why}" for why in _doubts(one, folder / one.file)]
    there = {str(path.relative_to(folder)) for path in folder.rglob("*.zst")}
    found += [
        f"{folder / name}: not in the manifest" for name in sorted(there - {one.file for one in corpora})
    ]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > MOST_BYTES:
        found.append(f"{folder}: {size} bytes, more than {MOST_BYTES}")
    return found


def _doubts(one: Corpus, path: Path) -> list[str]:
    if not path.exists():
        return ["it is missing"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != one.sha256:
        return ["it is another file than the manifest's (sha256)"]
    events = read(path)
    checks = (
        (one.label in LABELS, f"label {one.label!r}"),
        (one.kind in KINDS, f"kind {one.kind!r}"),
        ((one.kind == "attack") is bool(one.risk), "an attack has a risk, and nothing else has one"),
        (len(events) == one.events, f"{len(events)} events, the manifest says {one.events}"),
        (sum(map(is_call, events)) == one.calls, f"not {one.calls} calls"),
    )
    return [why for holds, why in checks if not holds]
