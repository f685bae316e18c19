"""No connector without its proof: each is held to the connectors' suite."""

import ast
from pathlib import Path

from mcpsoar.kit import find


def test_every_connector_passes_the_suite(root: Path) -> None:
    proven = set()
    for path in (root / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text())
        if any(
            isinstance(node, ast.ClassDef) and "ConnectorSuite" in map(ast.unparse, node.bases)
            for node in tree.body
        ):
            proven |= {
                node.module.rpartition(".")[2]
                for node in tree.body
                if isinstance(node, ast.ImportFrom)
                and node.module
                and node.module.startswith("mcpsoar.connectors.")
            }
    assert not set(find.names("mcpsoar.connectors")) - proven
