"""The connector for token services passes the connectors' suite, and takes no service at its word."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.connectors.oauth import connect
from mcpsoar.core.errors import Conflict, Denied, Indeterminate, Unreachable, Unsupported
from mcpsoar.core.plan import Step, Undo
from mcpsoar.core.profile import Binding
from mcpsoar.core.run import Observation
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.kit.rooms import Rooms
from mcpsoar.lab.wire import Call, Trick, wire
from tests.contract.connector_suite import ConnectorSuite, Subject
from tests.contract.token_service import AUDIENCE, EXP, SECRETS, Token, TokenService, jwt, token_service

RECORDED = Path(__file__).parent.parent / "data" / "connectors"
REVOKE = Step("revoke", "revoke", "tokens.revoke", "tokens", "crm", Undo.NONE, ())
PRINCIPAL = Step("p", "p", "tokens.revoke_principal", "tokens", "principal:agent-a", Undo.NONE, ())
OURS, KEPT = "the-token-of-agent-a", "the-token-of-a-canary"
PATHS = {"revocation": "token/revocation", "introspection": "token/introspection"}


_made: list[Rooms] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _made:
        _made.pop().close()


@pytest.fixture
def plane() -> Iterator[TokenService]:
    with token_service() as one:
        one.tokens = {OURS: Token(), KEPT: Token("agent-b")}
        yield one


def line(token: str, client: str | None = "agent-a", **more: Any) -> dict[str, Any]:
    said = {"token": token, "audience": AUDIENCE, **more}
    return said | ({"client": client} if client else {})


HELD = (line(OURS), line(KEPT, "agent-b", keep=True))


def connected(
    url: str,
    timeout_s: float = 5.0,
    settle_s: float = 0.3,
    held: tuple[dict[str, Any], ...] | Secret = HELD,
    **options: Any,
) -> Rooms:
    told = {
        "held": held if isinstance(held, Secret) else Secret("\n".join(json.dumps(one) for one in held)),
        "introspect": {"id": "runner", "secret": Secret(SECRETS["runner"])},
        "clients": [{"id": "agent-a", "secret": Secret(SECRETS["agent-a"])}],
        "names": {"crm": AUDIENCE},
        "timeout_s": timeout_s,
        "settle_s": settle_s,
    }
    _made.append(connect(Binding("oauth", url, options={**told, **options}), clock=SystemClock()))
    return _made[-1]


class TestOAuth(ConnectorSuite):
    """One token is there to be revoked, and one that stays: then a change is one call."""

    @pytest.fixture(params=["access", "refresh", "principal"])
    def subject(self, plane: TokenService, request: pytest.FixtureRequest) -> Subject:
        is_refresh = request.param == "refresh"
        options: dict[str, Any] = {} if is_refresh else PATHS
        if is_refresh:
            plane.product = "canaille"
            plane.tokens[OURS].audiences = plane.tokens[KEPT].audiences = (AUDIENCE, "runner")
        kind = "refresh_token" if is_refresh else "access_token"
        own = line(OURS, kind=kind, audience=[AUDIENCE, "runner"])

        kept = HELD[1]

        def connector(url: str, timeout_s: float, settle_s: float) -> Rooms:
            return connected(url, timeout_s, settle_s, (own, kept), **options)

        def restore() -> None:
            plane.tokens[OURS].is_active = True

        def is_gone() -> bool:
            return not plane.tokens[OURS].is_active

        step = REVOKE
        if request.param == "principal":
            step = PRINCIPAL
            plane.tokens[KEPT].client, kept = "agent-a", {**kept, "client": "agent-a"}
        return Subject(plane.url, connector, step, is_gone, restore, OURS, _is_change)


def _is_change(call: Call) -> bool:
    return call.target.endswith("/revocation")


def ended(made: Rooms) -> Observation:
    """What is seen after a change that raised nothing."""
    made.apply(REVOKE, made.baseline(REVOKE), "key")
    return made.verify(REVOKE)


def told(seen: Observation) -> str:
    return "\n".join(exposure.what for exposure in seen.exposures)


# what no service may be believed


def test_a_service_that_acknowledges_and_does_nothing_has_done_nothing(plane: TokenService) -> None:
    plane.lies = True
    seen = ended(connected(plane.url))
    assert seen.verdict is Verdict.NO
    assert "acknowledged, without effect" in told(seen)


def test_an_acknowledged_token_that_was_never_issued_proves_nothing(plane: TokenService) -> None:
    seen = ended(connected(plane.url, held=(line("never-issued"),)))
    assert plane.revocations() == ["never-issued"]
    assert seen.verdict is Verdict.CANNOT_TELL
    assert "was never seen active" in seen.detail


def test_inactive_said_to_a_stranger_of_the_audience_proves_nothing(plane: TokenService) -> None:
    plane.product = "canaille"
    plane.lies = True
    made = connected(plane.url)
    assert not made.baseline(REVOKE).in_force
    seen = ended(made)
    assert plane.tokens[OURS].is_active
    assert seen.verdict is Verdict.CANNOT_TELL
    assert "that is said of good ones too" in seen.detail


def test_a_token_is_no_witness_for_one_of_fewer_audiences(plane: TokenService) -> None:
    plane.product = "canaille"
    plane.tokens[KEPT].audiences = (AUDIENCE, "runner")
    seen = connected(plane.url).verify(REVOKE)
    assert plane.tokens[OURS].is_active
    assert seen.verdict is Verdict.CANNOT_TELL


def test_a_new_run_believes_inactive_beside_a_token_that_stays(plane: TokenService) -> None:
    plane.tokens[OURS].is_active = False
    assert connected(plane.url).baseline(REVOKE).in_force
    seen = connected(plane.url).verify(REVOKE)
    assert seen.verdict is Verdict.YES
    assert "1 of them was never seen active, only others like it" in seen.detail
    alone = connected(plane.url, held=HELD[:1])
    assert not alone.baseline(REVOKE).in_force
    assert alone.verify(REVOKE).verdict is Verdict.CANNOT_TELL


def test_nothing_counts_once_a_token_that_stays_is_called_inactive(plane: TokenService) -> None:
    made = connected(plane.url)
    assert made.verify(REVOKE).verdict is Verdict.NO
    plane.product = "canaille"  # from now on the runner is told of no token
    seen = made.verify(REVOKE)
    assert seen.verdict is Verdict.CANNOT_TELL
    assert "so is a kept one" in seen.detail


def test_without_a_held_token_nothing_is_known(plane: TokenService) -> None:
    made = connected(plane.url, held=(line(OURS, audience="https://other.example.com/mcp"),))
    seen = ended(made)
    assert not plane.heard
    assert seen.verdict is Verdict.CANNOT_TELL
    assert "no token for https://crm.example.com/mcp is held" in seen.detail


# who may revoke what


def test_a_token_of_a_client_without_credentials_is_left_and_told(plane: TokenService) -> None:
    plane.tokens["of-b"] = Token("agent-b")
    made = connected(plane.url, held=(*HELD, line("of-b", "agent-b")))
    with pytest.raises(
        Conflict, match="1 revocations were refused or could not be asked for, 1 acknowledged"
    ):
        made.apply(REVOKE, None, "key")
    assert plane.revocations() == [OURS], "the others go all the same"
    seen = made.verify(REVOKE)
    assert (seen.verdict, seen.is_partial) == (Verdict.NO, True)
    (left,) = (one for one in seen.exposures if "no credentials of agent-b" in one.what)
    assert left.until == "2030-01-01T00:00:00.000Z"
    assert "registry entry" in left.what


def test_another_clients_token_is_refused_and_told(plane: TokenService) -> None:
    plane.product = "canaille"
    plane.tokens["of-b"] = Token("agent-b", ("runner", AUDIENCE))
    made = connected(plane.url, held=(line("of-b", audience=[AUDIENCE, "runner"]),))
    plane.tokens["of-b"].audiences = (AUDIENCE,)  # so the service does not say whose it is
    with pytest.raises(Conflict):
        made.apply(REVOKE, None, "key")
    assert "its revocation by agent-a was refused" in told(made.verify(REVOKE))
    assert plane.tokens["of-b"].is_active


def test_the_service_knows_whose_a_token_is_better_than_the_list(plane: TokenService) -> None:
    seen = ended(connected(plane.url, held=(line(OURS, "agent-b"), HELD[1])))
    assert seen.verdict is Verdict.YES


def test_a_clients_wrong_secret_is_a_refusal(plane: TokenService) -> None:
    wrong = [{"id": "agent-a", "secret": Secret("of-yesterday")}]
    with pytest.raises(Denied, match="401") as caught:
        connected(plane.url, clients=wrong).apply(REVOKE, None, "key")
    assert "of-yesterday" not in str(caught.value)


def test_a_token_that_stays_and_one_of_another_audience_stay(plane: TokenService) -> None:
    plane.tokens["elsewhere"] = Token(audiences=("https://other.example.com/mcp",))
    seen = ended(connected(plane.url, held=(*HELD, line("elsewhere"))))
    assert plane.revocations() == [OURS]
    assert seen.verdict is Verdict.YES
    assert "is kept, as held says" in told(seen)
    assert f"says that it is not for {AUDIENCE}" in told(seen)


def test_a_token_of_which_the_list_says_no_audience_goes_by_the_services_word(plane: TokenService) -> None:
    plane.tokens["elsewhere"] = Token(audiences=("https://other.example.com/mcp",))
    plane.tokens["here"] = Token()
    made = connected(plane.url, held=(*HELD, {"token": "elsewhere"}, {"token": "here"}))
    assert ended(made).verdict is Verdict.YES
    assert sorted(plane.revocations()) == ["here", OURS]


def test_of_a_client_all_tokens_go_whatever_they_are_for(plane: TokenService) -> None:
    plane.tokens["elsewhere"] = Token(audiences=("https://other.example.com/mcp",))
    plane.tokens["of-b"] = Token("agent-b")
    held = (*HELD, line("elsewhere", audience="https://other.example.com/mcp"), {"token": "of-b"})
    made = connected(plane.url, held=held)
    made.apply(PRINCIPAL, made.baseline(PRINCIPAL), "key")
    seen = made.verify(PRINCIPAL)
    assert plane.revocations() == [OURS, "elsewhere"]
    assert seen.verdict is Verdict.YES
    assert "new tokens of agent-a: issuance goes on" in told(seen)
    assert "says that it is not of agent-a" in told(seen)


def test_refresh_tokens_go_first(plane: TokenService) -> None:
    kinds = {"one": "access_token", "two": None, "three": "refresh_token"}
    plane.tokens = {name: Token() for name in kinds}
    held = tuple(line(name) | ({"kind": kind} if kind else {}) for name, kind in kinds.items())
    assert ended(connected(plane.url, held=held)).verdict is Verdict.YES
    assert plane.revocations() == ["three", "two", "one"]


# what cannot be revoked


def test_a_jwt_that_cannot_be_revoked_is_told_with_its_end(plane: TokenService) -> None:
    outliving = jwt()
    plane.tokens[outliving] = Token(is_jwt=True)
    made = connected(plane.url, held=(*HELD, line(outliving)))
    assert not made.baseline(REVOKE).in_force
    seen = ended(made)
    assert seen.verdict is Verdict.YES
    assert "1 JWT cannot be, here" in seen.detail
    (left,) = (one for one in seen.exposures if "a JWT which this service does not revoke" in one.what)
    assert left.until == "2030-01-01T00:00:00.000Z"
    assert "until its end, which is its own word" in left.what
    stops = "(what still stops it: the registry entry, a new signing key)"
    assert left.what.endswith(stops), "introspection knows nothing of it"


def test_a_jwt_alone_is_tried_once(plane: TokenService) -> None:
    outliving = jwt()
    plane.tokens = {outliving: Token(is_jwt=True)}
    made = connected(plane.url, held=(line(outliving),))
    assert not made.baseline(REVOKE).in_force, "whether it can be revoked is not known"
    assert ended(made).verdict is Verdict.YES
    assert made.baseline(REVOKE).in_force


def test_a_revoked_jwt_is_told_too_for_servers_that_read_it_alone(plane: TokenService) -> None:
    plane.product = "canaille"
    revoked = jwt()
    plane.tokens = {revoked: Token(audiences=(AUDIENCE, "runner"), is_jwt=True)}
    seen = ended(connected(plane.url, held=(line(revoked),)))
    assert seen.verdict is Verdict.YES
    (left,) = (one for one in seen.exposures if "a JWT revoked" in one.what)
    assert left.until == "2030-01-01T00:00:00.250Z"


def test_an_expired_jwt_leaves_nothing_open(plane: TokenService) -> None:
    old = jwt(exp=EXP - 10**9)
    plane.tokens[old] = Token(is_jwt=True)
    assert "JWT" not in told(ended(connected(plane.url, held=(*HELD, line(old)))))


def test_an_untold_token_that_is_no_jwt_may_be_good(plane: TokenService) -> None:
    plane.tokens[OURS].is_jwt = True
    seen = ended(connected(plane.url))
    assert seen.verdict is Verdict.CANNOT_TELL


def test_issuance_and_what_is_not_held_are_told(plane: TokenService) -> None:
    open_ = told(ended(connected(plane.url)))
    assert (
        f"new tokens of agent-a for {AUDIENCE}: issuance goes on; disable the client at 127.0.0.1:" in open_
    )
    assert "that are not held here: 127.0.0.1:" in open_
    assert "lists none" in open_


# one call after another


def test_a_change_waits_for_no_look_that_fails(plane: TokenService) -> None:
    made = connected(plane.url, introspect={"id": "runner", "secret": Secret("of-yesterday")})
    made.apply(REVOKE, None, "key")
    assert not plane.tokens[OURS].is_active
    assert made.verify(REVOKE).verdict is Verdict.CANNOT_TELL


def test_whose_a_token_is_has_to_be_asked_before_it_can_be_sent(plane: TokenService) -> None:
    with wire(plane.url) as between:
        made = connected(between.url, 5, 0.3, (line(OURS, None), HELD[1]), **PATHS)
        between.play(Trick.DROP_BEFORE, when=lambda call: not _is_change(call))
        with pytest.raises(Unreachable, match=r"whose token sha256:[0-9a-f]{12} is could not be asked"):
            made.apply(REVOKE, None, "key")
        between.heal()
        between.play(Trick.STATUS, when=lambda call: not _is_change(call), status=403)
        with pytest.raises(Denied, match="could not be asked"):
            made.apply(REVOKE, None, "key")
    assert not plane.revocations()


def test_of_a_round_that_broke_off_only_the_rest_is_sent(plane: TokenService) -> None:
    plane.tokens["second"] = Token()
    with wire(plane.url) as between:
        made = connected(between.url, 5, 0.3, (*HELD, line("second")), **PATHS)
        made.baseline(REVOKE)

        def is_second(call: Call) -> bool:
            return _is_change(call) and b"second" in call.body

        between.play(Trick.STATUS, when=is_second, status=429, headers={"retry-after": "7"})
        with pytest.raises(Indeterminate, match="after other tokens"):
            made.apply(REVOKE, None, "key")
        seen = made.verify(REVOKE)
        assert (seen.verdict, seen.is_partial) == (Verdict.NO, True)
        between.heal()
        made.apply(REVOKE, None, "key")
        assert plane.revocations() == [OURS, "second"]
        made.apply(REVOKE, None, "another key")
        assert plane.revocations() == [OURS, "second", OURS, "second"]


def test_the_first_that_is_put_off_names_the_wait(plane: TokenService) -> None:
    with wire(plane.url) as between:
        between.play(Trick.STATUS, when=_is_change, status=429, headers={"retry-after": "7"})
        with pytest.raises(Unreachable) as caught:
            connected(between.url).apply(REVOKE, None, "key")
        assert caught.value.retry_after_s == 7


# before anything is sent


def test_what_such_a_service_lacks_is_said_before(plane: TokenService) -> None:
    made = connected(plane.url, clients=[{"id": "agent-b", "secret": Secret(SECRETS["agent-b"])}])
    lacks = "\n".join(made.lacks)
    assert "cannot list tokens by audience" in lacks
    assert "stops no issuance" in lacks
    assert "has no credentials of agent-a: its tokens are not revoked" in lacks
    assert "no token that stays (keep)" not in lacks
    alone = connected(plane.url, held=HELD[:1])
    assert "no token that stays (keep)" in "\n".join(alone.lacks)


def test_a_survey_tries_the_caller_and_every_clients_secret(plane: TokenService) -> None:
    assert connected(plane.url).survey("tokens.revoke") == "of 2 held tokens 2 are active; kept: 1"
    asked = [(client, token) for client, path, token in plane.heard if path == "/token/introspection"]
    assert asked == [("agent-a", "mcpsoar-doctor"), ("runner", OURS), ("runner", KEPT)]
    assert not plane.revocations()
    wrong = [{"id": "agent-a", "secret": Secret("of-yesterday")}]
    with pytest.raises(Denied, match="the secret is refused of agent-a"):
        connected(plane.url, clients=wrong).survey("tokens.revoke")
    with pytest.raises(Denied, match="401"):
        connected(plane.url, introspect={"id": "runner", "secret": Secret("no")}).survey("tokens.revoke")


# where its endpoints are


@pytest.mark.parametrize("name", ["revocation", "introspection"])
@pytest.mark.parametrize(
    "elsewhere",
    ["http://id.example.com/x", "https://127.0.0.1/x", "http://127.0.0.1:1/x", "/x?tenant=1", "/"],
)
def test_an_endpoint_of_another_origin_gets_no_secret(plane: TokenService, name: str, elsewhere: str) -> None:
    plane.endpoints[name] = elsewhere
    made = connected(plane.url)
    ask: dict[str, Callable[[], object]] = {
        "introspection": lambda: made.baseline(REVOKE),
        "revocation": lambda: made.apply(REVOKE, None, "key"),
    }
    with pytest.raises(Denied, match=f"its {name}_endpoint is at another origin"):
        ask[name]()
    assert not [path for _, path, _ in plane.heard if path.endswith(name)]


def test_a_service_without_introspection_has_no_read_back(plane: TokenService) -> None:
    del plane.endpoints["introspection"]
    made = connected(plane.url)
    with pytest.raises(Unsupported, match="names no introspection_endpoint"):
        made.baseline(REVOKE)
    made.apply(REVOKE, None, "key")
    assert not plane.tokens[OURS].is_active
    assert made.verify(REVOKE).verdict is Verdict.CANNOT_TELL


# what the services say is what was recorded


@pytest.mark.parametrize(
    ("product", "recording", "client", "path", "token"),
    [
        ("oidc-provider", "05-introspect-opaque-active", "runner", "introspection", "opaque"),
        ("oidc-provider", "06-introspect-jwt", "runner", "introspection", "jwt"),
        ("oidc-provider", "07-introspect-bad-auth", None, "introspection", "opaque"),
        ("oidc-provider", "10-revoke-opaque-by-other-client", "runner", "revocation", "opaque"),
        ("oidc-provider", "11-revoke-opaque", "agent-a", "revocation", "opaque"),
        ("oidc-provider", "12-introspect-opaque-after", "runner", "introspection", "gone"),
        ("oidc-provider", "14-revoke-opaque-again", "agent-a", "revocation", "gone"),
        ("oidc-provider", "15-revoke-unknown", "agent-a", "revocation", "never issued"),
        ("oidc-provider", "16-revoke-jwt", "agent-a", "revocation", "jwt"),
        ("canaille", "03-introspect", "runner", "introspection", "opaque"),
        ("canaille", "05-revoke-other-client", "runner", "revocation", "opaque"),
        ("canaille", "08-revoke", "agent-a", "revocation", "opaque"),
        ("canaille", "10-revoke-again", "agent-a", "revocation", "gone"),
        ("canaille", "11-revoke-unknown", "agent-a", "revocation", "never issued"),
        ("canaille", "12-introspect-with-audience", "runner", "introspection", "for the runner"),
        ("canaille", "14-introspect-after-cli-revoke-2", "runner", "introspection", "gone"),
    ],
)
def test_the_stand_in_answers_as_the_services_were_recorded(
    product: Any, recording: str, client: str | None, path: str, token: str
) -> None:
    recorded = json.loads((RECORDED / product / f"{recording}.json").read_text())["response"]
    service = TokenService(product)
    service.tokens = {
        "opaque": Token(),
        "jwt": Token(is_jwt=True),
        "gone": Token(is_active=False),
        "for the runner": Token(audiences=("runner", "agent-a")),
    }
    status, said = service.answer(f"/{path}", client, token)
    assert status == recorded["status"]
    if said is None or recorded["body"] is None or not said.get("active"):
        assert said == recorded["body"]
    else:
        assert {name: type(value) for name, value in said.items()} == {
            name: type(value) for name, value in recorded["body"].items()
        }
