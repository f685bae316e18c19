"""The benchmark of `contain` measures real processes, and says what it missed."""

import pytest

from benchmarks import contain
from benchmarks.contain import Figure

SMALL = ("--rounds", "1", "--servers", "3", "--delay", "0.01")


def test_every_aim_has_its_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    assert contain.main(SMALL) == 0
    said = capsys.readouterr().out
    assert [line.split("  ")[0] for line in said.splitlines() if "aim" in line] == [
        "first write, of a look's 2 s",
        "last write, of the script's",
        "verified report, of the script",
        "3 servers, of one",
    ]
    assert said.startswith("10 ms a call; ")


def test_a_missed_aim_ends_a_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No start of Python is that fast; and without a curl the same requests are sent by other means."""
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(contain, "LOOK_S", 0.001)
    assert contain.main((*SMALL, "--check")) == 1
    said = capsys.readouterr().out
    assert "the script by the standard library: there is no curl" in said
    assert "MISS" in said


def test_a_run_that_writes_otherwise_is_no_measure() -> None:
    with pytest.raises(SystemExit, match="wrote 3 times, and not 4 times"):
        contain.measured([*contain.script()[0], "server-0"], 1, 0.0, writes=4)


@pytest.mark.parametrize(("values", "end"), [((1.0, 1.5, 9.0), "PASS"), ((1.0, 1.6, 1.0, 1.6, 1.6), "MISS")])
def test_an_aim_is_for_the_median(values: tuple[float, ...], end: str) -> None:
    assert str(Figure("last write", "x", values, 1.5)).endswith(end)
