"""Modules of `app` know each other in one direction, types and late imports included."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / "mcpsoar" / "app"


def imported(path: Path) -> set[str]:
    """Names of the sibling modules that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "mcpsoar.app":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mcpsoar.app."):
            found.add((node.module or "").removeprefix("mcpsoar.app."))
    return found


def test_no_module_is_imported_by_what_it_imports() -> None:
    graph = {path.stem: imported(path) for path in FOLDER.glob("*.py")}
    assert set(TopologicalSorter(graph).static_order()) >= set(graph)
