"""What was last applied, on disk: whole, torn, spoilt."""

from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.core.errors import Tampered
from mcpsoar.siems.deploy.record import Applied
from mcpsoar.siems.deploy.state import Pending, State, StateFile
from mcpsoar.siems.deploy.told import Told
from mcpsoar.siems.objects import Item

ONE, OTHER = ("kind", "a/b ü"), ("kind", "b")


@pytest.fixture
def file(tmp_path: Path) -> StateFile:
    made = StateFile(tmp_path, siem="splunk", profile="../prod", place="https://splunk.example.com app mcp")
    made.make_folder()
    return made


def state() -> State:
    return State(
        "https://splunk.example.com app mcp", {ONE: Applied({"x": 1}, {"y": "0" * 16}), OTHER: Applied({})}
    )


def test_nothing_there_is_nothing_applied(file: StateFile) -> None:
    assert file.load().objects == {}


def test_what_was_written_is_read(file: StateFile) -> None:
    file.write(state())
    assert file.load() == state()
    pending = Pending({"x": 1}, Item(*ONE, {"x": 2}))
    file.intend(pending)
    assert file.load() == state().intending(pending)
    file.settle(ONE, Applied({"x": 2}))
    assert file.load() == state().with_object(ONE, Applied({"x": 2}))
    file.settle(OTHER, None)
    assert set(file.load().objects) == {ONE}


def test_how_it_was_last_applied_is_read(file: StateFile) -> None:
    told = replace(state(), told=Told({"index": "", "tier": "basic"}, {"overlay": "sha256:0", "mapping": ""}))
    file.write(told)
    file.settle(OTHER, None)
    assert file.load() == told.with_object(OTHER, None)


def test_a_profile_s_name_is_no_path(file: StateFile, tmp_path: Path) -> None:
    file.write(state())
    assert file.path.resolve().parent == (tmp_path / "packs").resolve()
    assert file.path.stat().st_mode & 0o077 == 0


def test_another_place_has_another_file(tmp_path: Path) -> None:
    paths = {
        StateFile(tmp_path, siem=siem, profile=profile, place=place).path
        for siem, profile, place in [
            ("splunk", "prod", "a"),
            ("splunk", "prod", "b"),
            ("elastic", "prod", "a"),
            ("splunk", "test", "a"),
        ]
    }
    assert len(paths) == 4


def test_a_line_that_a_crash_tore_is_as_if_it_was_never_begun(file: StateFile) -> None:
    file.write(state())
    whole = file.path.read_bytes()
    file.settle(ONE, Applied({"x": 2}))
    torn = file.path.read_bytes()
    for end in range(len(whole), len(torn)):
        file.path.write_bytes(torn[:end])
        assert file.load() == state(), end


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"x":1', b'"x":3'),
        (b'"format":1', b'"format":2'),
        (b"app mcp", b"app mcq"),
        (b'"seen"', b'"sean"'),
        (b'{"digest"', b'["digest"'),
    ],
)
def test_what_is_not_what_was_written_is_refused_and_the_way_out_is_told(
    file: StateFile, old: bytes, new: bytes
) -> None:
    file.write(state())
    data = file.path.read_bytes()
    assert old in data
    file.path.write_bytes(data.replace(old, new))
    with pytest.raises(Tampered, match="move it away") as caught:
        file.load()
    assert caught.value.where == str(file.path)


def test_a_link_is_not_followed(file: StateFile, tmp_path: Path) -> None:
    file.write(state())
    file.path.rename(tmp_path / "elsewhere")
    file.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Tampered):
        file.load()
