"""The command line: a lazy group, so that one command never pays for another's imports."""

from importlib import import_module

import click

import mcpsoar
from mcpsoar.cli import stdout
from mcpsoar.cli.exit import exit_code

_COMMANDS = {
    # name: (module under mcpsoar.cli, attribute, one-line help)
    "contain": ("contain", "contain", "Run the containment playbook against one or more servers."),
    "release": ("contain", "release", "Undo a containment, step by step, verified the same way."),
    "runs": ("runs", "runs", "Look at runs, finish killed ones, verify their journals."),
    "playbooks": ("playbooks", "playbooks", "List, show and lint playbooks."),
    "rules": ("rules", "rules", "Test rules, scan logs with them, tell what they cover."),
    "gates": ("gates", "gates", "List paging gates and check logs against them."),
    "pack": ("pack", "pack", "Build what Splunk and Elastic import."),
    "drill": ("drill", "drill", "Play the whole main job, end to end, on the embedded lab."),
    "doctor": ("doctor", "doctor", "Try what a containment would need, and say what is missing."),
    "lab": ("lab", "lab", "Run the embedded control plane and data plane."),
}


class Lazy(click.Group):
    """Imports a command's module when that command is asked for; its help line is known without it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command = getattr(import_module(f"mcpsoar.cli.{module}"), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"mcpsoar.cli.{module}.{attribute} is no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Click knows no likeness to commands that are not loaded."""
        if args and args[0] not in _COMMANDS:
            from difflib import get_close_matches

            for like in get_close_matches(args[0], _COMMANDS, n=1):
                ctx.fail(f"No such command {args[0]!r}. Did you mean {like!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, _, help_line) in _COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(mcpsoar.__version__, prog_name="mcpsoar")
def group() -> None:
    """Detect, page and contain incidents of MCP servers.

    Exit codes: 0 well, 1 no, 2 usage or configuration, 3 cannot tell.
    """


def main(argv: list[str]) -> int:
    """Run one command line and return its exit code."""
    stdout.spell_out()
    return exit_code(lambda: group.main(argv, prog_name="mcpsoar", standalone_mode=False))
