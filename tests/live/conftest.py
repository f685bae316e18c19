"""The live suite: real engines, which MCPSOAR_LIVE=1 fetches (or finds) and starts; else nothing here runs.

At its end it says what it did not ask, and why: whichever process of xdist it was that did not.
"""

import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path

import pytest

from tests.live import opensearch

_HERE = Path(__file__).parent
_OF_OPENSEARCH = {
    "every rule as ES|QL": "OpenSearch has none: tests/languages/esql reads it instead",
    "lookup indices": "OpenSearch has none",
    "the type flattened": "OpenSearch has flat_object, which stands in for it",
}
_NOTED = "not asked: "
_skipped: dict[str, str] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    own = [item for item in items if item.path.is_relative_to(_HERE)]
    for item in own:
        item.add_marker(pytest.mark.timeout(600))
        if os.environ.get("MCPSOAR_LIVE") != "1":
            item.add_marker(pytest.mark.skip(reason="MCPSOAR_LIVE=1 starts a real engine for this"))


@pytest.fixture(scope="session")
def node() -> Iterator[opensearch.Node]:
    """The node of this session; skipped, with the reason, where there is none."""
    why = opensearch.why_none()
    if why is not None:
        pytest.skip(why)
    with opensearch.running() as started:
        yield started


@pytest.fixture
def unasked(request: pytest.FixtureRequest) -> Iterator[MutableMapping[str, str]]:
    """What was not asked → why: for a test that leaves some out itself."""
    left_out: dict[str, str] = {}
    yield left_out
    request.node.user_properties += [(_NOTED + what, why) for what, why in left_out.items()]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        _skipped[report.nodeid.rpartition("/")[2]] = report.longrepr[2].removeprefix("Skipped: ")
    noted = [(name, why) for name, why in report.user_properties if name.startswith(_NOTED)]
    _skipped.update({name.removeprefix(_NOTED): str(why) for name, why in noted})
    if "test_elastic" in report.nodeid:
        _skipped.update(_OF_OPENSEARCH)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("MCPSOAR_LIVE") == "1":
        terminalreporter.section("not asked of a real engine")
        for name, why in sorted(_skipped.items()):
            terminalreporter.line(f"{name}: {why}")
        if not _skipped:
            terminalreporter.line("nothing: all was asked")
