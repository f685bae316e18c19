"""The only place that picks an exit code."""

import os
from collections.abc import Callable

import click

from mcpsoar.cli import show, stdout
from mcpsoar.cli.interrupted import Interrupted
from mcpsoar.core.errors import Conflict, Held, Tampered, Trouble, Usage
from mcpsoar.core.verdict import Verdict

USAGE = 2
CRASH = 3
INTERRUPTED = 130  # the shell's own number


def exit_code(command: Callable[[], object]) -> int:
    """Run `command`; a Verdict it returns is the answer, an error becomes one line on standard error.

    An answer that nobody could read is no 0, unless its reader chose to leave.
    """
    code = _ended(command)
    why = stdout.why_lost()
    if why is None or why == stdout.READER_LEFT:
        return code
    _say(f"the answer is lost: standard output cannot be written: {why}", None)
    return code or CRASH


def _ended(command: Callable[[], object]) -> int:
    try:
        result = command()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort as stop:
        if isinstance(stop.__cause__, KeyboardInterrupt):  # Click's word for Ctrl-C while a command works
            return INTERRUPTED
        _say("stopped: nothing was confirmed", None)
        return USAGE
    except click.UsageError as error:
        _misused(error)
        return USAGE
    except click.ClickException as error:
        _say(error.format_message(), None)
        return USAGE
    except Trouble as error:
        _say(str(error), error.next_command)
        return _code(error)
    except (Interrupted, KeyboardInterrupt) as stop:
        return stop.code if isinstance(stop, Interrupted) else INTERRUPTED
    except SystemExit as stop:
        if stop.code == 1:  # Click's word for a pipe whose reader left; nobody else here says 1 so
            return CRASH
        raise
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        _say(f"this machine refused: {error.strerror or error}{where}", None)
        return CRASH
    except Exception as error:
        _say(f"a fault of mcpsoar itself: {type(error).__name__}: {error}", "mcpsoar --version")
        if os.environ.get("MCPSOAR_TRACEBACK"):
            raise
        return CRASH
    return result.value if isinstance(result, Verdict) else 0


def _code(error: Trouble) -> int:
    if isinstance(error, Usage):
        return USAGE
    return Verdict.NO.value if isinstance(error, Held | Tampered | Conflict) else Verdict.CANNOT_TELL.value


def _misused(error: click.UsageError) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # nothing is wrong: its message is the help
        for text in error.format_message().splitlines():
            show.talk(text)
        return
    path = error.ctx.command_path if error.ctx else "mcpsoar"
    _say(error.format_message(), f"{path} --help")


def _say(message: str, next_command: str | None) -> None:
    show.talk(f"mcpsoar: {message}")
    if next_command:
        show.talk(f"  next     {next_command}")
