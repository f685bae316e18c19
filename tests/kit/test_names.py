"""Lists of names as people keep them: from any editor, with remarks, and sometimes the wrong file."""

import io
import sys
from pathlib import Path

import pytest

from mcpsoar.core.errors import Usage
from mcpsoar.kit.names import LIMIT_BYTES, names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"github\njira\n", ("github", "jira")),
        (b"\xef\xbb\xbfgithub\r\njira\r\n", ("github", "jira")),
        (b"  # ours\n\n\t github \n#jira\n", ("github",)),
        (b"github", ("github",)),
        (b"b\na\nb\n", ("b", "a", "b")),
        ("büro # one\n".encode(), ("büro # one",)),
    ],
)
def test_a_list_is_read_as_its_writer_meant_it(tmp_path: Path, text: bytes, found: tuple[str, ...]) -> None:
    path = tmp_path / "names"
    path.write_bytes(text)
    assert names(path) == found


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        (b"github\n\xff\xfe\n", ":2", "not UTF-8"),
        ("github\n".encode("utf-16"), ":1", "not UTF-8"),
        (b"# ours\ngit\x1b[31mhub\n", ":2", "\\x1b"),
        (b"a\n\ngit\x00hub\n", ":3", "\\x00"),
        ("git\u200bhub\n".encode(), ":1", "\\u200b"),
        (b"github\rjira\n", ":1", "\\x0d"),
        (b"", "", "holds no name"),
        (b"\xef\xbb\xbf\n # nothing yet\n", "", "holds no name"),
        (b"x" * (LIMIT_BYTES + 1), "", "larger than 1048576 bytes"),
    ],
)
def test_what_is_no_list_of_names_is_told_by_its_line(
    tmp_path: Path, text: bytes, place: str, why: str
) -> None:
    path = tmp_path / "names"
    path.write_bytes(text)
    with pytest.raises(Usage) as caught:
        names(path)
    assert caught.value.where == f"{path}{place}"
    assert why in caught.value.message
    assert caught.value.message.isprintable()


def test_a_file_that_never_ends_is_read_no_further_than_its_bound() -> None:
    with pytest.raises(Usage, match="larger than"):
        names("/dev/zero")


def test_a_file_that_is_not_there_or_is_a_folder_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(Usage, match="cannot be read"):
            names(path)


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfgithub\n")))
    assert names("-") == ("github",)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(Usage, match="standard input: cannot be read"):
        names("-")
