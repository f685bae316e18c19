"""Detections of a pack as values: the front matter of a rule above one SELECT; nobody parses SQL here."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from mcpsoar.core.content import Case, DetectionText
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.kit import yamltext
from mcpsoar.kit.complaints import together
from mcpsoar.pack import cases, front
from mcpsoar.pack import heading as headings
from mcpsoar.pack.heading import Known, heading, is_text, twins
from mcpsoar.pack.locate import folder

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
    there = paths(root)
    missing = set(wanted) - {path.stem for path in there}
    if missing:
        first = next(name for name in wanted if name in missing)
        home = folder(root, "sql") / "detections"
        raise Usage(f"no detection {first!r} in {home}", next_command="mcpsoar rules list")
    known = headings.known(root)
    complaints: list[BadContent] = []
    found: list[DetectionText] = []
    for path in (path for path in there if not wanted or path.stem in wanted):
        try:
            found.append(read(path, known))
        except BadContent as error:
            complaints.append(error)
    complaints += twins(found)
    if complaints:
        raise together(complaints)
    by_id = {text.id: text for text in found}
    return tuple(by_id[name] for name in dict.fromkeys(wanted or by_id))


def paths(root: Path) -> list[Path]:
    """The files of a pack's detections, by id; a pack without any holds none."""
    return sorted((folder(root, "sql") / "detections").glob("*.sql"))


def read(path: Path, known: Known) -> DetectionText:
    """One detection and the cases beside it. Raises BadContent with every complaint, each with file:line."""
    there = front.read(path)
    complaints = list(_complaints(there.located, known))
    beside: tuple[Case, ...] = ()
    try:
        beside = cases.load(cases.beside(path))
    except BadContent as error:
        complaints.append(error)
    if complaints:
        raise together(complaints)
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
