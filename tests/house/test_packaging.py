"""What is shipped says what it needs, and under which licence."""

import ast
import hashlib
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"  # apache.org's own text


def declared(root: Path, *extras: str) -> set[str]:
    """Names of the distributions that pyproject.toml asks for."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + [
        line for extra in extras for line in project["optional-dependencies"][extra]
    ]
    return {normal(re.split(r"[\[<>=~! ;]", line, maxsplit=1)[0]) for line in lines}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports, beside the standard library and ourselves."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"mcpsoar", "tests", "benchmarks", "corpora", "mutants"}


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("mcpsoar", ()),
        ("mcpsoar/lab", ("lab",)),
        ("sigma", ()),
        ("tests", ("lab", "dev")),
        ("benchmarks", ("lab", "dev")),
        ("corpora", ("lab", "dev")),
        ("mutants", ("lab", "dev")),
    ],
)
def test_what_is_imported_is_asked_for(root: Path, folder: str, extras: tuple[str, ...]) -> None:
    where = packages_distributions()
    asked = declared(root, *extras)
    for path in (root / folder).rglob("*.py"):
        if folder == "mcpsoar" and "lab" in path.parts[-2:-1] + path.parts[-3:-2]:
            continue  # the extra's own folder
        for name in imported(path):
            assert {normal(found) for found in where[name]} & asked, f"{path} imports {name}"


def test_the_licence_is_whole(root: Path) -> None:
    assert hashlib.sha256((root / "LICENSE").read_bytes()).hexdigest() == APACHE_2
