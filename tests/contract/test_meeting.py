"""Meeting a host: its clock and its certificate, over real sockets, and whatever it answers."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme

from mcpsoar.core.errors import Unreachable
from mcpsoar.core.profile import Network
from mcpsoar.kit.clock import SystemClock
from mcpsoar.kit.meeting import Meeting, meet
from tests.contract.loopback import listening


class Host(BaseHTTPRequestHandler):
    """Refuses, in so many words; `dates` are what its clock says."""

    dates: tuple[str, ...] = ()
    asked: list[str] = []  # noqa: RUF012 (emptied by each test)

    def do_GET(self) -> None:
        self.asked.append(f"{self.path} {self.headers.get('authorization', 'nobody')}")
        self.send_response_only(403)
        for date in self.dates:
            self.send_header("date", date)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def served(*dates: str, context: ssl.SSLContext | None = None) -> Iterator[int]:
    Host.dates = dates
    Host.asked.clear()
    with listening(Host, context) as port:
        yield port


def met(url: str, network: Network | None = None) -> Meeting:
    return meet(url, network or Network(), clock=SystemClock(), timeout_s=5)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(hours=1), timedelta(days=-900)])
def test_its_clock_is_held_against_ours(ahead: timedelta) -> None:
    said = format(datetime.now(UTC) + ahead, "%a, %d %b %Y %H:%M:%S GMT")
    with served(said) as port:
        seen = met(f"http://127.0.0.1:{port}/api/{{server}}")
    assert seen.ahead_s == pytest.approx(ahead.total_seconds(), abs=30)
    assert seen.good_until is None
    assert Host.asked == ["/ nobody"], "no token goes along, and nothing of the path"


@pytest.mark.parametrize("dates", [(), ("",), ("soon",)])
def test_a_host_need_not_tell_its_time(dates: tuple[str, ...]) -> None:
    with served(*dates) as port:
        assert met(f"http://127.0.0.1:{port}").ahead_s is None


def test_its_certificate_says_how_long_it_is_good(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    ends = datetime(2037, 3, 1, 12, tzinfo=UTC)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_after=ends).configure_cert(context)
    with served(context=context) as port:
        seen = met(f"https://127.0.0.1:{port}", Network(ca=str(tmp_path / "ca.pem")))
        with pytest.raises(Unreachable, match="certificate is not trusted"):
            met(f"https://127.0.0.1:{port}")
    assert seen.good_until == ends


def test_nobody_there_is_said() -> None:
    with pytest.raises(Unreachable, match="refused"):
        met("http://127.0.0.1:9")
