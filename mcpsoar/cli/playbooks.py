"""`mcpsoar playbooks`: list, show, lint, schema."""

import json
import os
from pathlib import Path

import click

from mcpsoar.cli import show
from mcpsoar.cli.options import Common, common
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import BadContent
from mcpsoar.core.plan import Playbook, StepSpec


@click.group()
def playbooks() -> None:
    """List, show and lint playbooks; their JSON Schema."""


@playbooks.command("list")
@common
def list_(given: Common) -> None:
    """Every playbook of the pack."""
    from mcpsoar.pack import playbooks as pack
    from mcpsoar.pack.locate import locate

    found = [pack.read(path) for path in pack.paths(locate(given.pack, os.environ))]
    if given.is_json:
        show.document({"playbooks": [_facts(playbook) for playbook in found]})
        return
    rows = [(playbook.name, str(len(playbook.steps)), playbook.title) for playbook in found]
    show.table(("PLAYBOOK", "STEPS", "TITLE"), rows, no_color=given.no_color)


@playbooks.command("show")
@click.argument("name")
@common
def show_(given: Common, name: str) -> None:
    """What one playbook does, why, and what undoes it."""
    from mcpsoar.pack import playbooks as pack
    from mcpsoar.pack.locate import locate

    playbook = pack.load(locate(given.pack, os.environ), name)
    if given.is_json:
        show.document(_facts(playbook))
        return
    show.line(f"{playbook.name}: {show.clean(playbook.title)}")
    show.line(f"  digest   {playbook.digest}")
    for step in playbook.steps:
        after = f", after {', '.join(step.after)}" if step.after else ""
        shared = ", once for all servers" if step.shared else ""
        show.line(f"  {step.id}: {show.clean(step.title)}")
        show.line(f"      {step.action}, undo {step.undo.value}{shared}{after}{_terms(step)}")
        show.line(f"      {show.clean(step.why)}")


@playbooks.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@common
def lint(given: Common, paths: tuple[str, ...]) -> None:
    """Read playbooks and complain by file and line. Without PATH: all of the pack. Exits 2 on a complaint."""
    from mcpsoar.kit.complaints import together
    from mcpsoar.pack import playbooks as pack
    from mcpsoar.pack.locate import locate

    chosen = [Path(path) for path in paths] or list(pack.paths(locate(given.pack, os.environ)))
    complaints: list[BadContent] = []
    good: list[str] = []
    for path in chosen:
        try:
            pack.read(path)
        except BadContent as complaint:
            complaints.append(complaint)
        else:
            good.append(str(path))
    if given.is_json:
        show.document({"good": good, "complaints": [str(complaint) for complaint in complaints]})
    else:
        for name in good:
            show.line(f"good: {show.clean(name)}")
    if complaints:
        raise together(complaints)


@playbooks.command()
@common
def schema(given: Common) -> None:  # noqa: ARG001 (it is one JSON document either way)
    """Print the JSON Schema of a playbook, for editors. `lint` says more: it knows the names of steps."""
    from mcpsoar.pack import playbooks as pack

    show.document(json.loads(pack.schema()))


def _terms(step: StepSpec) -> str:
    """Condition, tries and limit, where the step has its own."""
    words = f", only if {step.when} ended {' or '.join(step.verdicts)}" if step.when else ""
    words += f", {step.attempts} attempts" if step.attempts is not None else ""
    words += f", tried for {step.retry_s:g} s" if step.retry_s is not None else ""
    return words + (f", not sent again after {step.limit_s:g} s" if step.limit_s is not None else "")


def _facts(playbook: Playbook) -> Facts:
    return {
        "name": playbook.name,
        "title": playbook.title,
        "digest": playbook.digest,
        "steps": [
            {
                "id": step.id,
                "title": step.title,
                "action": step.action,
                "role": step.role,
                "undo": step.undo.value,
                "after": list(step.after),
                "shared": step.shared,
                "why": step.why,
                **({"when": {"step": step.when, "verdict": list(step.verdicts)}} if step.when else {}),
                **({"attempts": step.attempts} if step.attempts is not None else {}),
                **({"retry_s": step.retry_s} if step.retry_s is not None else {}),
                **({"limit_s": step.limit_s} if step.limit_s is not None else {}),
            }
            for step in playbook.steps
        ],
    }
