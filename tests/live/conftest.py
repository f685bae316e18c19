"""The live suite: real engines, which MCPSOAR_LIVE=1 fetches (or finds) and starts; else nothing here runs.

At its end it says what it did not ask, and why.
"""

import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path

import pytest

from tests.live import opensearch

_HERE = Path(__file__).parent
_skipped = {
    "every rule as ES|QL": "OpenSearch has none: tests/languages/esql reads it instead",
    "lookup indices": "OpenSearch has none",
    "the type flattened": "OpenSearch has flat_object, which stands in for it",
}


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


@pytest.fixture(scope="session")
def unasked() -> MutableMapping[str, str]:
    """What was not asked → why: for a test that leaves some out itself."""
    return _skipped


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):  # type: ignore[attr-defined]
        _skipped[item.name] = report.longrepr[2].removeprefix("Skipped: ")  # type: ignore[attr-defined]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("MCPSOAR_LIVE") == "1":
        terminalreporter.section("not asked of a real engine")
        for name, why in sorted(_skipped.items()):
            terminalreporter.line(f"{name}: {why}")
