"""What every test shares: where the repository is, goldens, and no way out of this machine."""

import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
_ALLOWED = ("contract", "flow", "docs", "faults", "live")

# A check says the same each time, on a busy machine too. `--hypothesis-profile explore` draws other examples
# each time: `.ci/run` does.
_EXPLORE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", _EXPLORE)
settings.register_profile("check", _EXPLORE, derandomize=True)
settings.load_profile("check")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Write golden files anew instead of comparing."
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Any:
    """`golden(path, text)` compares with a plain file, or writes it under --update-golden."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.exists(), f"no golden file {path}: run pytest --update-golden and read it"
        assert text == path.read_text()

    return check


@pytest.fixture(autouse=True)
def _no_way_out(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit tests have no sockets; contract, flow, faults and docs tests have loopback alone."""
    loopback = request.path.relative_to(ROOT / "tests").parts[0] in _ALLOWED
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        inside = self.family == socket.AF_UNIX or (
            loopback and address[0] in ("127.0.0.1", "::1", "localhost")
        )
        assert inside, f"a test tried to reach {address}"
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
