"""Issuance that the profile describes passes the connectors' suite, and of its clients none is guessed."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mcpsoar.core.errors import Indeterminate, UnknownTarget, Usage
from mcpsoar.core.plan import Step, Undo
from mcpsoar.core.run import Baseline, Effect, Observation
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import telling
from mcpsoar.kit.rooms import Rooms
from mcpsoar.lab.wire import Call, Trick, wire
from tests.conftest import ROOT
from tests.contract.connector_suite import ConnectorSuite, Subject
from tests.contract.test_http_connector import TOML
from tests.contract.test_oauth import (
    HELD,
    KEPT,
    OURS,
    PATHS,
    PRINCIPAL,
    REVOKE,
    _closed,  # noqa: F401 (a fixture)
    connected,
    line,
    told,
)
from tests.contract.token_service import ADMIN, AUDIENCE, ROWS, SECRETS, Token, TokenService, token_service

STOP = Step("stop", "stop", "tokens.stop_issuance", "tokens", "crm", Undo.EXACT, ())
STOP_ONE = replace(STOP, action="tokens.stop_issuance_principal", server="principal:agent-a")
ENABLED = {"pointer": "/enabled", "is": True}
DISABLED = {"pointer": "/enabled", "is": False}
ISSUANCE: dict[str, Any] = {
    "token": Secret(ADMIN),
    "names": ROWS,
    "unknown": {"status": 404, "pointer": "/error", "is": "Could not find client"},
    "look": {"path": "admin/clients/{principal}", "in_force": DISABLED, "not_in_force": ENABLED},
    "do": {
        "method": "PUT",
        "path": "admin/clients/{principal}",
        "body": {"enabled": False},
        "done": {"status": 204},
    },
    "undo": {"method": "PUT", "path": "admin/clients/{principal}", "body": {"enabled": True}},
}
BOTH = [
    {"id": name, "secret": Secret(SECRETS[name]), "audiences": [AUDIENCE]} for name in ("agent-a", "agent-b")
]
ALONE = (line(OURS), line("of-b", "agent-b"))


@pytest.fixture
def plane() -> Iterator[TokenService]:
    with token_service() as one:
        one.tokens = {OURS: Token(), KEPT: Token("agent-b"), "of-b": Token("agent-b")}
        yield one


def issuing(
    url: str, timeout_s: float = 5.0, settle_s: float = 0.3, held: Any = ALONE, **options: Any
) -> Rooms:
    said = {**ISSUANCE, **options.pop("issuance", {})}
    issuance = {key: value for key, value in said.items() if value is not None}
    return connected(url, timeout_s, settle_s, held, **{**options, **PATHS, "issuance": issuance})


def _is_change(call: Call) -> bool:
    return call.method == "PUT"


class TestIssuance(ConnectorSuite):
    """One client of the audience is there to be stopped, and one that stays: then a change is one call."""

    @pytest.fixture(params=["audience", "principal"])
    def subject(self, plane: TokenService, request: pytest.FixtureRequest) -> Subject:
        def connector(url: str, timeout_s: float, settle_s: float) -> Rooms:
            return issuing(url, timeout_s, settle_s, held=HELD)

        step = STOP if request.param == "audience" else STOP_ONE
        return Subject(
            plane.url,
            connector,
            step,
            lambda: "agent-a" in plane.stopped,
            plane.stopped.clear,
            ADMIN,
            _is_change,
        )


def stopped(made: Rooms, step: Step = STOP) -> tuple[Baseline, Observation]:
    was = made.baseline(step)
    made.apply(step, was, "key")
    return was, made.verify(step)


# whom it stops


def test_every_client_of_the_audience_is_stopped_one_by_one_and_read_back(plane: TokenService) -> None:
    made = issuing(plane.url)
    was, seen = stopped(made)
    assert (was.in_force, was.facts["open"]) == (False, ["agent-a", "agent-b"])
    assert plane.switched == [("agent-a", {"enabled": False}), ("agent-b", {"enabled": False})]
    assert (seen.verdict, seen.exposures) == (Verdict.YES, ())
    assert f"stopped for {AUDIENCE}: agent-a and agent-b (2 of 2 clients)" in seen.detail


def test_a_client_is_known_by_its_tokens_or_by_what_it_is_said_to_fetch(plane: TokenService) -> None:
    elsewhere = line("of-b", "agent-b", audience="https://files.example.com/mcp")
    held = (line(OURS), elsewhere)
    assert stopped(issuing(plane.url, held=held))[0].facts["clients"] == ["agent-a"]
    said = issuing(plane.url, held=held, clients=BOTH)
    assert said.baseline(STOP).facts["clients"] == ["agent-a", "agent-b"]


def test_who_owns_a_token_that_stays_and_who_asks_are_never_stopped(plane: TokenService) -> None:
    made = issuing(plane.url, held=(*HELD, line("its-own", "runner")))
    _, seen = stopped(made)
    assert plane.stopped == {"agent-a"}
    assert f"new tokens for {AUDIENCE}: agent-b is not stopped, for a token of it is kept" in told(seen)
    assert f"new tokens for {AUDIENCE}: runner is not stopped, for it asks about tokens" in told(seen)
    assert "does not stop agent-b: a token of it is kept" in made.lacks
    with pytest.raises(Usage, match="agent-b stays: a token of it is kept"):
        made.apply(replace(STOP_ONE, server="principal:agent-b"), None, "key")


def test_a_profile_names_clients_that_are_never_stopped(plane: TokenService) -> None:
    made = issuing(plane.url, issuance={"keep": ["agent-b"]})
    assert stopped(made)[1].verdict is Verdict.YES
    assert plane.stopped == {"agent-a"}


def test_of_an_audience_without_known_clients_nothing_is_claimed(plane: TokenService) -> None:
    made = issuing(plane.url)
    strange = replace(STOP, server="files")
    with pytest.raises(Usage, match="no client for files can be stopped: none is known"):
        made.apply(strange, None, "key")
    assert made.verify(strange).verdict is Verdict.CANNOT_TELL
    assert not plane.switched


def test_a_client_that_the_administration_does_not_know_is_no_stopped_one(plane: TokenService) -> None:
    made = issuing(plane.url, issuance={"names": {"agent-a": "row-1"}})
    was, seen = stopped(made)
    assert not was.in_force
    assert plane.stopped == {"agent-a"}
    assert (seen.verdict, seen.is_partial) == (Verdict.NO, True)
    assert "the administration tells of no agent-b" in seen.detail
    with pytest.raises(UnknownTarget):
        made.baseline(replace(STOP_ONE, server="principal:agent-b"))


# what comes back


def test_a_release_lets_in_those_that_were_stopped_by_this_and_no_others(plane: TokenService) -> None:
    plane.stopped = {"agent-b"}
    made = issuing(plane.url)
    was, seen = stopped(made)
    assert (seen.verdict, plane.stopped) == (Verdict.YES, {"agent-a", "agent-b"})
    made.rollback(STOP, was, "another key")
    assert plane.stopped == {"agent-b"}
    assert made.verify_rollback(STOP, was).verdict is Verdict.YES
    assert plane.switched == [("agent-a", {"enabled": False}), ("agent-a", {"enabled": True})]


def test_where_all_were_stopped_before_a_release_changes_nothing(plane: TokenService) -> None:
    plane.stopped = {"agent-a", "agent-b"}
    made = issuing(plane.url)
    was = made.baseline(STOP)
    assert was.in_force
    made.rollback(STOP, was, "key")
    assert not plane.switched


def test_a_release_that_assumes_them_on_lets_all_of_the_audience_in(plane: TokenService) -> None:
    plane.stopped = {"agent-a", "agent-b"}
    made = issuing(plane.url)
    made.rollback(STOP, Baseline(in_force=False, facts={}, seen_at="2026-01-01T00:00:00Z"), "key")
    assert not plane.stopped


def test_tokens_that_a_release_brings_back_to_life_are_told(plane: TokenService) -> None:
    """As on Keycloak: a stopped client cannot revoke its own, and they are good again with it."""
    made = issuing(plane.url, held=HELD)
    looked = made.baseline(REVOKE)
    was, _ = stopped(made)
    assert made.apply(REVOKE, looked, "key").facts["clients_stopped"] == ["agent-a"]
    seen = made.verify(REVOKE)
    assert seen.verdict is Verdict.YES, "it is inactive"
    (left,) = (one for one in seen.exposures if "was not seen revoked" in one.what)
    assert left.until == "2030-01-01T00:00:00.000Z"
    made.rollback(STOP, was, "another key")
    back = made.verify_rollback(STOP, was)
    assert back.verdict is Verdict.YES
    assert "1 held tokens of them are active: they were never revoked" in back.detail


def test_with_issuance_described_nobody_says_that_it_goes_on(plane: TokenService) -> None:
    made = issuing(plane.url, held=HELD)
    assert "stops no issuance" not in "\n".join(made.lacks)
    made.apply(REVOKE, made.baseline(REVOKE), "key")
    open_ = told(made.verify(REVOKE))
    assert f"new tokens for {AUDIENCE} of clients that neither held nor clients knows" in open_
    assert "issuance goes on" not in open_
    assert "not seen revoked" not in open_
    made.apply(PRINCIPAL, made.baseline(PRINCIPAL), "key")
    assert "new tokens" not in told(made.verify(PRINCIPAL))


# broken off


def test_what_it_is_about_to_stop_is_told_before_the_first_call(plane: TokenService) -> None:
    plane.stopped = {"agent-b"}
    told_first: list[tuple[Effect, int]] = []
    with telling.heard_by(lambda effect: told_first.append((effect, len(plane.switched)))):
        issuing(plane.url).apply(STOP, None, "key")
    ((effect, calls),) = told_first
    assert (effect.facts["open"], effect.found_in_force, calls) == (["agent-a"], False, 0)
    assert len(plane.switched) == 1


def test_of_a_round_that_broke_off_the_rest_is_stopped_and_half_is_told(plane: TokenService) -> None:
    with wire(plane.url) as between:
        made = issuing(between.url)

        def is_second(call: Call) -> bool:
            return _is_change(call) and call.target.endswith("row-2")

        between.play(Trick.STATUS, when=is_second, status=403)
        was = made.baseline(STOP)
        with pytest.raises(Indeterminate, match="1 of 2 were acknowledged"):
            made.apply(STOP, was, "key")
        seen = made.verify(STOP)
        assert (seen.verdict, seen.is_partial) == (Verdict.NO, True)
        assert "still at work: agent-b" in seen.detail
        assert f"new tokens for {AUDIENCE}: agent-b is not stopped" in told(seen)
        between.heal()
        made.apply(STOP, was, "key")
    assert plane.switched == [("agent-a", {"enabled": False}), ("agent-b", {"enabled": False})]
    fresh = issuing(plane.url)
    assert fresh.verify(STOP).verdict is Verdict.YES
    fresh.rollback(STOP, was, "another key")
    assert not plane.stopped


# before anything is sent


def test_the_survey_counts_clients_that_get_tokens(plane: TokenService) -> None:
    plane.stopped = {"agent-b"}
    made = issuing(plane.url, clients=BOTH)
    assert made.survey("tokens.stop_issuance") == "1 of 2 clients get tokens"
    assert not plane.switched
    assert {"tokens.stop_issuance", "tokens.stop_issuance_principal"} <= made.actions
    assert not {"tokens.stop_issuance", "tokens.stop_issuance_principal"} & connected(plane.url).actions


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"look": None}, "issuance lacks look"),
        ({"undo": None}, "issuance lacks undo"),
        ({"do": None}, "lacks do"),
        ({"looks": {}}, "'looks' means nothing in issuance; the nearest is 'look'"),
        ({"token": "planted"}, "a token is named"),
        ({"do": {"method": "PUT", "path": "clients"}}, "each call of issuance is about one client"),
        ({"names": {"agent-a": ""}}, "is called something"),
        ({"header": "Cookie"}, "a header is named as X-Api-Key is"),
        (
            {"do": {"method": "PUT", "path": "c/{principal}", "body": {"x": "{now+1} s"}}},
            "a brace is part of",
        ),
        (
            {"undo": {"method": "PUT", "path": "c/{principal}", "body": {"x": "{now+1}"}}},
            "a brace is part of",
        ),
    ],
)
def test_a_description_that_cannot_be_is_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(Usage, match=words.replace("{", r"\{").replace("+", r"\+")):
        issuing("https://id.example.com", issuance=more)


def test_the_next_second_is_a_number_of_the_body(plane: TokenService) -> None:
    do = {**ISSUANCE["do"], "body": {"enabled": False, "notBefore": "{now+1}"}}
    made = issuing(plane.url, held=HELD, issuance={"do": do})
    stopped(made)
    ((_, sent),) = plane.switched
    assert isinstance(sent["notBefore"], int)
    assert sent["notBefore"] > 1_700_000_000


def test_what_the_docs_show_stops_and_lets_in(plane: TokenService) -> None:
    shown = TOML.findall((ROOT / "docs" / "oauth.md").read_text())[-1]
    said = tomllib.loads(shown)["profiles"]["prod"]["tokens"]["issuance"]
    made = issuing(plane.url, issuance={**said, "token": Secret(ADMIN), "names": ROWS})
    was, seen = stopped(made)
    assert (seen.verdict, plane.stopped) == (Verdict.YES, {"agent-a", "agent-b"})
    assert all(isinstance(sent["notBefore"], int) for _, sent in plane.switched)
    made.rollback(STOP, was, "another key")
    assert not plane.stopped


def test_what_it_does_to_others_is_told_of_servers_alone(plane: TokenService) -> None:
    """A rehearsal leaves it out: a client calls more than the one server."""
    assert issuing(plane.url, held=HELD).spills == {
        "tokens.stop_issuance": "it stops clients, whatever else they call"
    }
    without = ({"token": OURS, "client": "agent-a"},)
    assert "tokens.revoke" in issuing(plane.url, held=without).spills
