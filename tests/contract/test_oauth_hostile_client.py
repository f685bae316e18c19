"""A client's id may be a stranger's text: it reaches no other path or field, and holds nobody up."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, unquote_plus

import pytest

from mcpsoar.core.errors import Denied, Usage
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.rooms import Rooms
from mcpsoar.lab.wire import Call, Trick, wire
from tests.contract.loopback import listening
from tests.contract.test_oauth import (
    HELD,
    OURS,
    PATHS,
    REVOKE,
    _closed,  # noqa: F401 (a fixture)
    connected,
    line,
    told,
)
from tests.contract.test_oauth_issuance import DISABLED, ENABLED, STOP, issuing
from tests.contract.token_service import AUDIENCE, Token, TokenService, jwt, token_service

HOSTILE = [
    "../../admin",
    "..%2f..%2fadmin",
    "a b",
    "%2e%2e",
    "{token}",
    "{principal}",
    "{now+1}",
    "{was:/enabled}",
    "a\nb",
    "a\r\nX-Planted: 1\r\n\r\nDELETE /admin HTTP/1.1",
    'a","enabled":true,"x":"',
    "a&enabled=true",
    "?enabled=true#end",
    "a\\..\\b",
    "\u202eb\u0000",
    "x" * 10_000,
]
CALL = {"path": "admin/clients/{principal}", "query": {"who": "{principal}"}}
BODY = {"id": "{principal}", "words": "stop {principal} now", "enabled": False, "of": ["{principal}"]}
TEMPLATES: dict[str, Any] = {
    "names": None,
    "unknown": None,
    "look": {**CALL, "in_force": DISABLED, "not_in_force": ENABLED},
    "do": {**CALL, "method": "PUT", "body": BODY, "done": None},
    "undo": {**CALL, "method": "PUT", "body": {**BODY, "enabled": True}},
}


@dataclass
class Recorder:
    """An administration that takes every client for its own, and writes down each byte it is told."""

    url: str = ""
    heard: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    off: set[str] = field(default_factory=set)

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Any:
        self.heard.append((method, target, headers, body))
        if method == "POST":
            return {"active": False} if target.endswith("introspection") else None
        if method == "PUT":
            (self.off.discard if json.loads(body)["enabled"] else self.off.add)(target)
        return {"enabled": target not in self.off}


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    one = Recorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = one.answer(self.command, self.path, headers, body)
            content = b"" if said is None else json.dumps(said).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 (the library's names)

        def log_message(self, *_: object) -> None: ...

    with listening(Handler) as port:
        one.url = f"http://127.0.0.1:{port}"
        yield one


def of(recorder: Recorder, client: str) -> Rooms:
    do = {key: value for key, value in TEMPLATES["do"].items() if value is not None}
    return issuing(recorder.url, held=(line(OURS, client),), issuance={**TEMPLATES, "do": do})


@pytest.mark.parametrize("client", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_an_id_is_one_segment_one_value_and_one_text_whatever_is_in_it(
    recorder: Recorder, client: str
) -> None:
    made = of(recorder, client)
    was = made.baseline(STOP)
    made.apply(STOP, was, "key")
    seen = made.verify(STOP)
    assert seen.verdict is Verdict.YES
    assert len(seen.detail) < 400, "and a long one fills no report"
    assert "\n" not in seen.detail
    assert "\x00" not in seen.detail
    made.rollback(STOP, was, "another key")
    assert made.verify_rollback(STOP, was).verdict is Verdict.YES
    calls = [one for one in recorder.heard if one[0] != "POST"]
    changes = [one for one in calls if one[0] == "PUT"]
    assert {method for method, *_ in calls} == {"GET", "PUT"}
    assert [json.loads(body)["enabled"] for *_, body in changes] == [False, True]
    for _, target, headers, _ in calls:
        path, _, query = target.partition("?")
        root, *folders, last = path.split("/")
        assert (root, folders, unquote(last)) == ("", ["admin", "clients"], client)
        assert parse_qs(query, strict_parsing=True) == {"who": [client]}
        assert "x-planted" not in headers
    for *_, body in changes:
        said = json.loads(body)
        assert said.pop("enabled") in (True, False)
        assert said == {"id": client, "words": f"stop {client} now", "of": [client]}


@pytest.mark.parametrize("client", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_who_revokes_and_what_stay_in_their_fields(recorder: Recorder, client: str) -> None:
    token, secret = "a&token_type_hint=refresh_token&client_id=b%26c+d", "s:e\r\nX-Planted: 1&x=%0a"
    held = (line(token, client, kind="access_token"),)
    own = [{"id": client, "secret": Secret(secret)}]
    paths: dict[str, Any] = PATHS
    made = connected(recorder.url, held=held, clients=own, **paths)
    made.apply(REVOKE, None, "key")
    ((headers, body),) = (one[2:] for one in recorder.heard if one[1] == "/token/revocation")
    sent = parse_qs(body.decode(), strict_parsing=True)
    assert sent == {"token": [token], "token_type_hint": ["access_token"]}
    name, _, password = (
        base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode().partition(":")
    )
    assert (unquote_plus(name), unquote_plus(password)) == (client, secret)
    assert "x-planted" not in headers


@pytest.fixture
def plane() -> Iterator[TokenService]:
    with token_service() as one:
        one.tokens = {OURS: Token(), "the-token-of-a-canary": Token("agent-b")}
        yield one


@pytest.mark.parametrize("client", [".", ".."])
def test_an_id_that_cannot_be_sent_holds_nobody_else_up(plane: TokenService, client: str) -> None:
    made = issuing(plane.url, held=(*HELD, line("of-nobody", client)))
    was = made.baseline(STOP)
    assert was.facts["open"] == ["agent-a"]
    made.apply(STOP, was, "key")
    assert plane.stopped == {"agent-a"}
    seen = made.verify(STOP)
    assert (seen.verdict, seen.is_partial) == (Verdict.NO, True)
    assert "is not stopped" in told(seen)
    alone = issuing(plane.url, held=(line("of-nobody", client),))
    with pytest.raises(Usage, match="cannot stand in a URL path"):
        alone.apply(STOP, None, "key")


@pytest.mark.parametrize("word", ["x" * 10_000, "a\nb", "\u202eadmin", " "], ids=lambda one: ascii(one)[:9])
def test_a_tokens_own_word_that_can_be_no_client_id_is_none(plane: TokenService, word: str) -> None:
    """Nobody has signed it: RFC 6749 has printable ASCII there, and no service a name of ten thousand."""
    forged = jwt(client_id=word)
    made = issuing(plane.url, held=(*HELD, {"token": forged, "audience": AUDIENCE}))
    assert made.baseline(STOP).facts["clients"] == ["agent-a"]
    made.apply(STOP, None, "key")
    assert made.verify(STOP).verdict is Verdict.YES
    assert "1 held tokens say not whose or what for" in "\n".join(made.lacks)


def test_a_forged_token_whose_client_the_administration_chokes_on_holds_nobody_up(
    plane: TokenService,
) -> None:
    def chokes(call: Call) -> bool:
        return "%2F" in call.target

    forged = {"token": jwt(client_id="../../admin"), "audience": AUDIENCE}
    with wire(plane.url) as between:
        between.play(Trick.STATUS, when=chokes, status=400)
        made = issuing(between.url, held=(*HELD, forged))
        was = made.baseline(STOP)
        assert was.facts["open"] == ["agent-a"]
        made.apply(STOP, was, "key")
        assert plane.stopped == {"agent-a"}
        seen = made.verify(STOP)
        assert (seen.verdict, seen.is_partial) == (Verdict.NO, True)
        assert "tells of no ../../admin" in seen.detail
        listed = issuing(between.url, held=(*HELD, line("of-somebody", "../../admin")))
        with pytest.raises(Denied, match="400"):
            listed.baseline(STOP)  # the list knows it: what is wrong has to be told


def test_whom_nobody_could_look_at_before_is_not_stopped_and_then_forgotten(plane: TokenService) -> None:
    """No release would let it in: it was not among those that were on."""
    forged = {"token": jwt(client_id="agent-b"), "audience": AUDIENCE}
    with wire(plane.url) as between:
        between.play(Trick.STATUS, when=lambda call: "row-2" in call.target, status=403)
        made = issuing(between.url, held=(line(OURS), forged))
        was = made.baseline(STOP)
        between.heal()
        made.apply(STOP, was, "key")
        assert plane.stopped == {"agent-a"}
        assert "still at work: agent-b" in made.verify(STOP).detail
        made.rollback(STOP, was, "another key")
    assert not plane.stopped
