"""Rules of the house that no linter states."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = "mcpsoar"
PLUG_IN = "sigma"  # our portion of the namespace of pySigma
WALL = 400


def modules(root: Path) -> list[Path]:
    return sorted(path for folder in (PACKAGE, PLUG_IN) for path in (root / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def is_standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


def loaded_by(code: str) -> set[str]:
    """The top-level packages in sys.modules after `code` ran in a fresh interpreter."""
    script = f"import sys\n{code}\nprint('\\n'.join(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_core_imports_the_standard_library_alone(root: Path) -> None:
    for path in sorted((root / PACKAGE / "core").glob("*.py")):
        strangers = {
            name
            for name in imported(path)
            if not is_standard(name) and not name.startswith(f"{PACKAGE}.core")
        }
        assert not strangers, f"{path.name} imports {strangers}"


def test_the_plug_in_holds_to_the_layers(root: Path) -> None:
    """import-linter cannot say it: with `sigma` in part its own, it knows no package `sigma` to guard."""
    allowed = {f"{PACKAGE}.{layer}" for layer in ("core", "pack", "targets")}
    plug_ins = list((root / PLUG_IN).rglob("*.py"))
    assert len(plug_ins) == 2
    for plug_in in plug_ins:
        ours = {".".join(name.split(".")[:2]) for name in imported(plug_in) if not is_standard(name)}
        assert ours - allowed <= {"sigma.processing"}


def test_no_module_reaches_the_wall(root: Path) -> None:
    long = {path.name: n for path in modules(root) if (n := len(path.read_text().splitlines())) > WALL}
    assert not long


def test_every_module_says_what_it_is_for(root: Path) -> None:
    silent = [
        path
        for path in modules(root)
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_core_stays_small(root: Path) -> None:
    public = [
        node.name
        for path in (root / PACKAGE / "core").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    ]
    assert len(public) <= 72, sorted(public)


@pytest.mark.parametrize("heavy", ["httpx", "rich", "yaml", "sigma", "sqlglot", "duckdb", "mcp"])
def test_help_loads_nothing_heavy(heavy: str) -> None:
    code = """
from mcpsoar.cli.main import main; import io, contextlib
with contextlib.redirect_stdout(io.StringIO()):
    main(['--help'])
"""
    assert heavy not in loaded_by(code)


EVERYTHING = {"Exception", "BaseException"}


def blind(tree: ast.AST) -> list[int]:
    """The lines where everything is caught: alone, among others, or suppressed."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = [node.type] if node.type else None
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            caught = node.args
        else:
            continue
        if caught is None or any(names(one) & EVERYTHING for one in caught):
            found.append(node.lineno)
    return found


def names(tree: ast.AST) -> set[str]:
    """Every name in it, those after a dot too."""
    return {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    }


@pytest.mark.parametrize("caught", ["", "Exception", "(OSError, BaseException)", "builtins.Exception"])
def test_a_blind_catch_is_seen(caught: str) -> None:
    assert blind(ast.parse(f"try: work()\nexcept {caught}: pass")) == [2]


def test_a_blind_catch_is_told_from_a_narrow_one() -> None:
    assert blind(ast.parse("with contextlib.suppress(OSError, Exception): work()")) == [1]
    assert blind(ast.parse("with suppress(OSError): work()")) == []
    assert blind(ast.parse("try: work()\nexcept (OSError, ValueError): pass")) == []


def test_only_the_exit_module_and_who_hands_errors_on_catch_everything(root: Path) -> None:
    """A crew, and a joint reading, hand whatever work raised to each thread that asks for the result."""
    allowed = {"exit.py", "__main__.py", "crew.py", "joint.py"}
    found = {str(path): lines for path in modules(root) if (lines := blind(ast.parse(path.read_text())))}
    assert {Path(path).name for path in found} <= allowed, found
