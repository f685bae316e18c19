"""The generic connector on one object: hostile names, answers that do not fit, and where its token goes."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.connectors.http import connect
from mcpsoar.core.errors import Malformed, Trouble, UnknownTarget, Unsupported, Usage
from mcpsoar.core.ports import Connector
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.serving import Handle, control_plane
from mcpsoar.lab.wire import Trick, Wire, wire
from tests.contract.test_http_connector import ADDRESS, REFERENCE, bound
from tests.contract.test_reference_suite import STEPS

DISABLE, REVOKE, FORCE = (
    STEPS[name] for name in ("registry.disable", "tokens.revoke", "policy.force_write_approval")
)
HOSTILE = (
    "a/../b",
    "%2e%2e",
    "%2F",
    'a"b',
    "a\\b",
    "日本",
    "a b?c=d#e",
    "{item}",
    "{server}",
    "'; --",
    "a\nb",
    "…",
)
Connect = Callable[..., Connector]


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Handle]:
    home = tmp_path / "plane"
    home.mkdir()
    with control_plane(home, servers=("github", "jira", *HOSTILE), page_size=2) as handle:
        yield handle


@pytest.fixture
def between(plane: Handle) -> Iterator[Wire]:
    with wire(plane.url) as proxy:
        yield proxy


@pytest.fixture
def connected(plane: Handle, between: Wire, tmp_path: Path) -> Iterator[Connect]:
    """The profile of the docs, through the proxy; `changes` are lines of it, by their beginnings."""
    made: list[Connector] = []

    def one(role: str = "registry", changes: dict[str, str] | None = None, more: str = "") -> Connector:
        toml = REFERENCE.replace(f'{ADDRESS}"', f'{between.url}"\nsettle_s = 0.2\n{more}')
        for old, new in (changes or {}).items():
            assert old in toml
            toml = toml.replace(old, new)
        made.append(connect(bound(tmp_path, toml, role, plane.token), clock=SystemClock()))
        return made[-1]

    yield one
    for connector in made:
        connector.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_hits_itself_alone(
    plane: Handle, connected: Connect, between: Wire, name: str
) -> None:
    for role, step in (("registry", DISABLE), ("tokens", REVOKE)):
        connector, meant = connected(role), replace(step, server=name)
        was = connector.baseline(meant)
        assert not was.in_force
        connector.apply(meant, was, f"key-{role}")
        assert connector.verify(meant).verdict is Verdict.YES
    assert [entry.server for entry in plane.plane.servers() if not entry.is_enabled] == [name]
    assert {
        audience for token in plane.plane.tokens() if not token.active for audience in token.audience
    } == {name}
    paths = [call.target.partition("?")[0] for call in between.calls]
    assert all(re.fullmatch(r"/[a-z]+(/[A-Za-z0-9%._~-]+)?(/disable)?", path) for path in paths), paths


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("registry", ""),
        ("registry", "."),
        ("registry", ".."),
        ("registry", "\ud800"),
        ("tokens", ""),
        ("tokens", "\ud800"),
    ],
)
def test_a_name_that_no_call_can_carry_is_sent_nowhere(
    connected: Connect, between: Wire, role: str, name: str
) -> None:
    connector, meant = connected(role), replace(DISABLE if role == "registry" else REVOKE, server=name)
    for act in (lambda: connector.baseline(meant), lambda: connector.apply(meant, None, "key")):
        with pytest.raises(Usage):
            act()
    assert connector.verify(meant).verdict is Verdict.CANNOT_TELL
    assert not between.calls


def test_a_server_that_is_unknown_is_told_apart(connected: Connect) -> None:
    connector, meant = connected(), replace(DISABLE, server="crm")
    for act in (lambda: connector.baseline(meant), lambda: connector.apply(meant, None, "key")):
        with pytest.raises(UnknownTarget):
            act()
    assert connector.verify(meant).verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize("status", [200, 404])
def test_unknown_is_said_in_the_profile_s_words(connected: Connect, between: Wire, status: int) -> None:
    said = 'unknown = { pointer = "/code", one_of = ["NO_SUCH", "GONE"] }'
    connector = connected(
        changes={'unknown = { status = 404, pointer = "/error", is = "unknown_server" }': said}
    )
    between.play(Trick.STATUS, status=status, body=b'{"code": "NO_SUCH"}')
    with pytest.raises(UnknownTarget, match="knows no github"):
        connector.baseline(DISABLE)
    with pytest.raises(UnknownTarget):
        connector.apply(DISABLE, None, "key")


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_refusal_is_never_an_unknown_server(connected: Connect, between: Wire, status: int) -> None:
    said = 'unknown = { pointer = "/code", is = "NO_SUCH" }'
    connector = connected(
        changes={'unknown = { status = 404, pointer = "/error", is = "unknown_server" }': said}
    )
    between.play(Trick.STATUS, status=status, body=b'{"code": "NO_SUCH"}')
    with pytest.raises(Trouble, match=str(status)) as caught:
        connector.baseline(DISABLE)
    assert not isinstance(caught.value, UnknownTarget)


@pytest.mark.parametrize(
    "body",
    [
        b'{"server": "github", "state": "Disabled"}',
        b'{"server": "github", "state": ["disabled"]}',
        b'{"server": "github"}',
        b'{"server": "jira", "state": "disabled"}',
        b'{"state": "disabled"}',
        b'[{"server": "github", "state": "disabled"}]',
        b'"disabled"',
        b"null",
    ],
)
def test_an_answer_that_fits_neither_condition_proves_nothing(
    connected: Connect, between: Wire, body: bytes
) -> None:
    connector = connected()
    between.play(Trick.STATUS, status=200, body=body)
    with pytest.raises(Malformed, match="neither"):
        connector.baseline(DISABLE)
    assert connector.verify(DISABLE).verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"{}", b'{"server": "github", "state": true}', b'{"server": "jira", "state": "disabled"}'],
)
def test_a_success_that_does_not_say_done_is_none(
    connected: Connect, between: Wire, status: int, body: bytes
) -> None:
    between.play(Trick.STATUS, status=status, body=b"" if status == 204 else body)
    with pytest.raises(Malformed, match="done"):
        connected().apply(DISABLE, None, "key")


def test_an_answer_that_fits_both_conditions_proves_nothing(connected: Connect) -> None:
    connector = connected("policy", {'is = "normal" }': 'one_of = ["normal", "forced"] }'})
    connector.apply(FORCE, None, "key")
    seen = connector.verify(FORCE)
    assert seen.verdict is Verdict.CANNOT_TELL
    assert "both" in seen.detail


@pytest.mark.parametrize(
    "changes",
    [
        {'path = "registry/{server}/disable"': 'path = "registry/jira/disable"', "\nbody": "\n#"},
        {'path = "registry/{server}/enable"': 'path = "registry/jira/enable"'},
        {
            'path = "registry/{server}"': 'path = "registry/jira"',
            '{ pointer = "/server", is = "{server}" }, ': "",
        },
    ],
)
def test_a_call_that_names_no_server_would_hit_every_server(
    connected: Connect, between: Wire, changes: dict[str, str]
) -> None:
    connector = connected(changes=changes)
    for act in (lambda: connector.baseline(DISABLE), lambda: connector.apply(DISABLE, None, "key")):
        with pytest.raises(Usage, match="acts on one thing") as caught:
            act()
        assert caught.value.where is not None
        assert re.search(r"mcpsoar\.toml:1$", caught.value.where)
    assert not between.calls


def test_what_the_plane_calls_it_is_what_is_sent(plane: Handle, connected: Connect) -> None:
    connector = connected(more='names = { "github of ours" = "github" }')
    connector.apply(replace(DISABLE, server="github of ours"), None, "key")
    entry = plane.plane.server("github")
    assert entry is not None
    assert not entry.is_enabled


def test_facts_are_what_was_asked_for_and_no_more(connected: Connect) -> None:
    facts = connected().baseline(DISABLE).facts
    assert facts == {"/server": "github", "/state": "enabled", "/environment": "production"}


def test_what_was_in_force_before_stays(plane: Handle, connected: Connect, between: Wire) -> None:
    plane.plane.set_state("github", "disabled")
    connector = connected()
    was = connector.baseline(DISABLE)
    connector.rollback(DISABLE, was, "key")
    assert connector.verify_rollback(DISABLE, was).verdict is Verdict.YES
    assert {call.method for call in between.calls} == {"GET"}


LOOK = '[profiles.prod.plane.actions."registry.disable".look]'
UNDO = '[profiles.prod.plane.actions."registry.disable".undo]'


def without(table: str) -> dict[str, str]:
    """The profile without one table of it."""
    begin = REFERENCE.index(table)
    return {REFERENCE[begin : REFERENCE.index("\n[", begin) + 1]: ""}


def test_without_a_look_nothing_is_proven(plane: Handle, connected: Connect) -> None:
    connector = connected(changes=without(LOOK))
    with pytest.raises(Unsupported, match="describes no look"):
        connector.baseline(DISABLE)
    connector.apply(DISABLE, None, "key")
    assert connector.verify(DISABLE).verdict is Verdict.CANNOT_TELL
    connector.rollback(DISABLE, None, "key-back")
    assert connector.verify_rollback(DISABLE, None).verdict is Verdict.CANNOT_TELL
    entry = plane.plane.server("github")
    assert entry is not None
    assert entry.is_enabled


def test_without_an_undo_it_is_for_a_person(connected: Connect, between: Wire) -> None:
    connector = connected(changes=without(UNDO))
    was = connector.baseline(DISABLE)
    connector.apply(DISABLE, was, "key")
    before = len(between.calls)
    with pytest.raises(Unsupported, match="by hand"):
        connector.rollback(DISABLE, was, "key-back")
    assert len(between.calls) == before
    assert connector.verify_rollback(DISABLE, was).verdict is Verdict.NO


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "authorization: Bearer "),
        ('scheme = "SSWS"', "authorization: SSWS "),
        ('header = "X-Api-Key"', "x-api-key: "),
        ('header = "X-Auth"\nscheme = "Token"', "x-auth: Token "),
    ],
)
def test_the_token_goes_where_the_profile_says(
    plane: Handle, connected: Connect, between: Wire, more: str, said: str
) -> None:
    connector = connected(more=f'{more}\nheaders = {{ X-Tenant = "emea" }}')
    between.play(Trick.REDIRECT, when=lambda call: call.method != "GET", status=307)
    for act in (lambda: connector.baseline(DISABLE), lambda: connector.apply(DISABLE, None, "key")):
        _told(act)
    for call in between.calls:
        holding = [f"{name}: {value}" for name, value in call.headers.items() if plane.token in value]
        assert holding == [said + plane.token]
        assert call.headers["x-tenant"] == "emea"
        assert plane.token not in call.target + call.body.decode()
    assert between.decoy_connections == 0


def test_an_echoed_token_in_a_header_of_its_own_goes_nowhere(
    plane: Handle, connected: Connect, between: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    connector = connected(more='header = "X-Api-Key"')
    said = []
    for status in (200, 400, 403, 404, 500):
        between.heal()
        between.play(Trick.ECHO, status=status)
        said += [
            _told(lambda: connector.baseline(DISABLE)),
            _told(lambda: connector.apply(DISABLE, None, "k")),
        ]
        said.append(_told(lambda: connector.verify(DISABLE)))
    assert plane.token not in "\n".join([*said, caplog.text, repr(vars(connector))])


def _told(act: Callable[[], Any]) -> str:
    try:
        return repr(act())
    except Trouble as trouble:
        return f"{trouble!r} {vars(trouble)}"
