"""Rules of a pack as values: metadata and cases, read as YAML and JSON alone; nobody parses Sigma here."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import BadContent
from mcpsoar.kit import yamltext
from mcpsoar.pack import cases
from mcpsoar.pack import heading as headings
from mcpsoar.pack.heading import Known, heading
from mcpsoar.pack.locate import folder
from mcpsoar.pack.shelf import several


def load(root: Path, wanted: Sequence[str] = ()) -> tuple[RuleText, ...]:
    """Every rule of a pack, by id; or the ones in `wanted`, in that order, and then no other file is read.

    Raises BadContent with every complaint of every file, Usage for an id that no rule has.
    """
    known = headings.known(root)
    home = folder(root, "sigma_rules")
    return several(paths(root), wanted, lambda path: read(path, known), noun="rule", home=home)


def paths(root: Path) -> list[Path]:
    """The files of a pack's rules, by id."""
    return sorted(folder(root, "sigma_rules").rglob("*.yml"), key=lambda one: one.stem)


def read(path: Path, known: Known) -> RuleText:
    """One rule and the cases beside it. Raises BadContent with every complaint, each with file:line."""
    text = yamltext.text(path)
    located = yamltext.parse(text, path)
    beside = cases.proving(path, list(_complaints(located, known)))
    return RuleText(text=text, cases=beside, **heading(located.value, path))


def _complaints(located: yamltext.Located, known: Known) -> Iterator[BadContent]:
    value = located.value
    if not isinstance(value, dict):
        yield located.bad("is no rule: a Sigma rule is a YAML map")
        return
    if "correlation" in value:
        said = "is a Sigma correlation; what counts over a window is a detection in SQL or a gate"
        yield located.bad(said, "correlation")
        return
    if not isinstance(value.get("detection"), dict):
        yield located.bad("has no detection", "detection")
    yield from headings.complaints(located, known)
