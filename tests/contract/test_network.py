"""How a profile says to connect: its own authority, its client certificate, its proxy; over real sockets."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme

from mcpsoar.core.errors import Unreachable, Usage
from mcpsoar.core.profile import Network
from mcpsoar.kit.clock import SystemClock
from mcpsoar.kit.http import Edge
from tests.contract.loopback import listening


class Plane(BaseHTTPRequestHandler):
    """Answers every GET; as a proxy it notes whom it was asked for."""

    asked: list[str] = []  # noqa: RUF012 (emptied by each test)

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None: ...


@contextmanager
def served(context: ssl.SSLContext | None = None) -> Iterator[int]:
    Plane.asked.clear()
    with listening(Plane, context) as port:
        yield port


def edge(url: str, network: Network) -> Edge:
    return Edge(url, None, network=network, clock=SystemClock(), timeout_s=5)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    own = authority.issue_cert("responder@example.com")
    places = {name: str(tmp_path / f"{name}.pem") for name in ("ca", "certificate", "key")}
    authority.cert_pem.write_to_path(places["ca"])
    own.cert_chain_pems[0].write_to_path(places["certificate"])
    own.private_key_pem.write_to_path(places["key"])
    return places


@pytest.fixture
def port(authority: trustme.CA) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with served(context) as number:
        yield number


def test_an_authority_and_a_certificate_of_ones_own(port: int, files: dict[str, str]) -> None:
    assert edge(f"https://127.0.0.1:{port}", Network(**files)).read("registry").body == {}


def test_a_stranger_authority_is_not_trusted(port: int, files: dict[str, str]) -> None:
    with pytest.raises(Unreachable, match="TLS certificate is not trusted"):
        edge(f"https://127.0.0.1:{port}", Network(**(files | {"ca": None}))).read("registry")
    assert not Plane.asked


@pytest.mark.parametrize(("name", "words"), [("ca", "no authority can be read"), ("key", "cannot be used")])
def test_a_file_that_is_no_pem_is_named(port: int, files: dict[str, str], name: str, words: str) -> None:
    Path(files[name]).write_text("nothing of the kind")
    with pytest.raises(Usage, match=words) as caught:
        edge(f"https://127.0.0.1:{port}", Network(**files)).read("registry")
    assert caught.value.where == files[name]


def test_a_named_proxy_is_used_even_for_loopback() -> None:
    with served() as port:
        edge("http://plane.example.com", Network(proxy=f"http://127.0.0.1:{port}")).read("registry")
        assert Plane.asked == ["http://plane.example.com/registry"]


def test_none_goes_past_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with served() as port:
        edge(f"http://127.0.0.1:{port}", Network(proxy="none")).read("registry")
        assert Plane.asked == ["/registry"]
