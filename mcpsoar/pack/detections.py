"""Detections of a pack as values: the front matter of a rule above one SELECT; nobody parses SQL here."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from mcpsoar.core.content import DetectionText
from mcpsoar.core.errors import BadContent
from mcpsoar.kit import yamltext
from mcpsoar.pack import cases, front
from mcpsoar.pack import heading as headings
from mcpsoar.pack.heading import Known, heading, is_text
from mcpsoar.pack.locate import folder
from mcpsoar.pack.shelf import several

_KEYS = (
    "title",
    "id",
    "status",
    "level",
    "description",
    "references",
    "author",
    "date",
    "modified",
    "tags",
    "falsepositives",
    "custom",
)
SUBJECTS = ("server", "conversation", "client", "actor", "token", "tool")


def load(root: Path, wanted: Sequence[str] = ()) -> tuple[DetectionText, ...]:
    """Every detection of a pack, by id; or the ones in `wanted`, in that order, and then no other is read.

    Raises BadContent with every complaint of every file, Usage for an id that no detection has.
    """
    known = headings.known(root)
    home = folder(root, "sql") / "detections"
    return several(paths(root), wanted, lambda path: read(path, known), noun="detection", home=home)


def paths(root: Path) -> list[Path]:
    """The files of a pack's detections, by id; a pack without any holds none."""
    return sorted((folder(root, "sql") / "detections").glob("*.sql"))


def read(path: Path, known: Known) -> DetectionText:
    """One detection and the cases beside it. Raises BadContent with every complaint, each with file:line."""
    there = front.read(path)
    beside = cases.proving(path, list(_complaints(there.located, known)))
    return DetectionText(
        sql=there.sql,
        sql_line=there.sql_line,
        cases=beside,
        subject=there.located.value["custom"]["subject"],
        **heading(there.located.value, path),
    )


def _complaints(located: yamltext.Located, known: Known) -> Iterator[BadContent]:
    value = located.value
    if not isinstance(value, dict):
        yield located.bad("has no front matter: a block of -- comments at the top that is a YAML map")
        return
    for key in (key for key in value if key not in _KEYS):
        (near,) = get_close_matches(str(key), _KEYS, n=1, cutoff=0.0)
        yield located.bad(f"{key!r} means nothing here; the nearest is {near!r}", key)
    if not is_text(value.get("description")):
        yield located.bad("has no description: what it does, why it matters, what it misses", "description")
    yield from headings.complaints(located, known)
    custom = value.get("custom")
    if isinstance(custom, dict) and custom.get("subject") not in SUBJECTS:
        yield located.bad(f"has no custom: {{subject: …}}: one of {', '.join(SUBJECTS)}", "custom", "subject")
