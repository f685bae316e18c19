"""Every way a command can end has its exit code, and none shows a traceback."""

import click
import pytest

from mcpsoar.cli.exit import exit_code
from mcpsoar.cli.main import main
from mcpsoar.cli.show import clean
from mcpsoar.core.errors import Held, Indeterminate, Tampered, Trouble, Unreachable, Unwritable, Usage
from mcpsoar.core.verdict import Verdict


def end_with(error: BaseException) -> int:
    def command() -> None:
        raise error

    return exit_code(command)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Usage("u"), 2),
        (click.UsageError("u"), 2),
        (click.Abort(), 2),
        (Held("h", by="b", run="r", since="s"), 1),
        (Tampered("t"), 1),
        (Unreachable("x"), 3),
        (Indeterminate("x"), 3),
        (Unwritable("x"), 3),
        (Trouble("x"), 3),
        (ZeroDivisionError("a fault of ours"), 3),
        (OSError(28, "No space left on device", "/tmp/x"), 3),
        (OSError("broken"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_an_error_has_its_code_and_at_most_two_lines(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end_with(error) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) <= 2
    assert "Traceback" not in err


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_is_its_exit_code(verdict: Verdict) -> None:
    assert exit_code(lambda: verdict) == verdict.value


def test_what_the_machine_refuses_is_no_fault_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    end_with(OSError(28, "No space left on device", "/tmp/x"))
    assert capsys.readouterr().err == "mcpsoar: this machine refused: No space left on device: /tmp/x\n"


def test_any_pipe_that_breaks_is_no_1() -> None:
    """Click makes SystemExit(1) of it, which would read as "not contained"."""

    @click.command()
    def command() -> None:
        raise BrokenPipeError(32, "Broken pipe")

    assert exit_code(lambda: command.main([], standalone_mode=False)) == 3


def test_an_unknown_command_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contian"]) == 2
    assert "No such command 'contian'. Did you mean 'contain'?" in capsys.readouterr().err
    assert main(["mystery"]) == 2
    assert capsys.readouterr().err == "mcpsoar: No such command 'mystery'.\n  next     mcpsoar --help\n"


@pytest.mark.parametrize("words", [[], ["runs"], ["playbooks"]])
def test_a_group_alone_shows_its_help_as_it_is(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    help_text = capsys.readouterr().out
    assert main(words) == 2
    assert capsys.readouterr() == ("", help_text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 漢", "plain ü 漢"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202eb\u200bc\U000e0041", "a\\u202eb\\u200bc\\U000e0041"),
        ("line\nbreak\r", "line\\x0abreak\\x0d"),
        ("x" * 3000, "x" * 2000 + "…"),
    ],
)
def test_text_from_outside_cannot_steer_a_terminal(text: str, shown: str) -> None:
    assert clean(text) == shown
