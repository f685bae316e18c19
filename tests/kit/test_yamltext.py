"""YAML complaints name their line."""

from pathlib import Path

import pytest

from mcpsoar.core.errors import BadContent
from mcpsoar.kit.yamltext import parse, read, text

HERE = Path("x.yml")


def test_every_key_knows_its_line() -> None:
    found = parse("a: 1\nsteps:\n  - id: one\n  - id: two\n    role: r\n", HERE)
    assert [found.line(at) for at in (("a",), ("steps", 1, "role"), ("steps", 1, "absent"))] == [1, 5, 4]
    assert str(found.bad("is wrong", "steps", 1, "role")) == "x.yml:5: is wrong"


def test_a_document_inside_another_file_keeps_that_files_lines() -> None:
    assert parse("a: 1\nb: 2\n", HERE, first_line=10).line(("b",)) == 11


def test_a_merged_key_may_be_said_again_however_often_it_is_read() -> None:
    for _ in range(2):
        assert parse("a:\n  <<: {b: 1, c: 1}\n  b: 2\n", HERE).value == {"a": {"b": 2, "c": 1}}


def test_who_changes_a_value_changes_it_for_nobody_else() -> None:
    first = parse("a: {b: [1]}\n", HERE).value
    first["a"]["b"].append(2)
    first["c"] = 3
    assert parse("a: {b: [1]}\n", HERE).value == {"a": {"b": [1]}}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: 1\na: 2\n", "x.yml:2: key 'a' stands twice"),
        ("a: [1\n", "x.yml:2: is not YAML"),
        ("a: &x [1]\nb: *x\n", "x.yml:2: is not YAML: aliases are not used here"),
        ("a: !!python/object:os.system {}\n", "x.yml:1: is not YAML"),
        ("a: " + "[" * 5000, "x.yml:1: is not YAML"),
        ("a: \x00\n", "x.yml:1: is not YAML"),
        ('a: 1\nb: "\\uD83D"\n', "x.yml:2: a text holds half a character"),
    ],
)
def test_a_bad_document_is_one_line_with_its_place(text: str, complaint: str) -> None:
    with pytest.raises(BadContent) as caught:
        parse(text, HERE)
    assert str(caught.value).startswith(complaint)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_bad_content(tmp_path: Path) -> None:
    with pytest.raises(BadContent, match="cannot be read"):
        read(tmp_path / "none.yml")


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    big = tmp_path / "big.yml"
    big.write_text("a: " + "x" * (1 << 20))
    with pytest.raises(BadContent, match="larger than 1 MiB"):
        read(big)


def test_a_file_that_is_not_utf8_names_its_line_and_is_never_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "old.yml"
    path.write_bytes("title: x\nauthor: Müller\n".encode("latin-1"))
    for reader in (text, read):
        with pytest.raises(BadContent) as caught:
            reader(path)
        assert str(caught.value) == f"{path}:2: is not UTF-8; save it as UTF-8"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "bom.yml"
    path.write_bytes(b"\xef\xbb\xbftitle: x\n")
    assert text(path) == "title: x\n"
    assert read(path).value == {"title": "x"}


def test_a_file_without_an_end_is_read_no_further_than_its_bound() -> None:
    with pytest.raises(BadContent, match="larger than 1 MiB"):
        text(Path("/dev/zero"))
