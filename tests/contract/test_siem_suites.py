"""Splunk and Elastic pass the SIEMs' suite, on servers that behave as their APIs are documented."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.siem_suite import SiemSuite, finished
from tests.siems import faults
from tests.siems.disk import no_waiting_for_the_disk
from tests.siems.site import Site
from tests.siems.sites import SITES

__all__ = ["no_waiting_for_the_disk"]  # a fixture


class TestSiems(SiemSuite):
    @pytest.fixture(params=sorted(SITES))
    def site(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
        # in Splunk what is made is its maker's own until it is shared: a second call
        with SITES[request.param](tmp_path / "home", private=True, owner="svc") as made:
            yield made


@pytest.mark.parametrize("how", [faults.BUSY, faults.CUT])
@pytest.mark.parametrize("is_upgrade", [False, True], ids=["new", "upgrade"])
def test_a_splunk_that_is_busy_or_breaks_off_is_finished_by_the_next_apply(
    tmp_path: Path, how: str, *, is_upgrade: bool
) -> None:
    with SITES["splunk"](tmp_path / "home", private=True, owner="svc") as site:
        finished(site, how, is_upgrade=is_upgrade)
