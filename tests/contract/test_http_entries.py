"""The generic connector ends the entries of a list one by one, by the second profile that the docs show."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.connectors.http import connect
from mcpsoar.connectors.in_http import paging
from mcpsoar.core.errors import Denied, Indeterminate, Malformed, Trouble, UnknownTarget, Unreachable
from mcpsoar.core.ports import Connector
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.kit.stops import ENTRY, stopped_by
from tests.contract.connector_suite import ConnectorSuite, Subject
from tests.contract.grants import KEY, Grants, grants
from tests.contract.test_http_connector import EACH, bound
from tests.contract.test_reference_suite import STEPS

LOOK = '[profiles.prod.tokens.actions."tokens.revoke".look]'
ADDRESS = "https://idp.example.com/v2"
REVOKE = STEPS["tokens.revoke"]
Connect = Callable[..., Connector]


@pytest.fixture
def plane() -> Iterator[Grants]:
    with grants() as one:
        yield one


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[Connect]:
    made: list[Connector] = []

    def at(url: str, timeout_s: float = 5.0, settle_s: float = 0.2, **changes: str) -> Connector:
        toml = EACH.replace(f'{ADDRESS}"', f'{url}"\ntimeout_s = {timeout_s}\nsettle_s = {settle_s}')
        own = changes.pop("table", "")
        toml = toml.replace(LOOK, LOOK.removesuffix(".look]") + "]" + own + LOOK) if own else toml
        for old, new in changes.items():
            assert f"\n{old} = " in toml
            toml = "\n".join(new if line.startswith(f"{old} = ") else line for line in toml.splitlines())
        made.append(connect(bound(tmp_path, toml, "tokens", KEY), clock=SystemClock()))
        return made[-1]

    yield at
    for one in made:
        one.close()


class TestEach(ConnectorSuite):
    """One grant is there to be ended: then a change is one call."""

    @pytest.fixture
    def subject(self, plane: Grants, connected: Connect) -> Subject:
        return Subject(
            base_url=plane.url,
            connect=connected,
            step=REVOKE,
            is_in_force=lambda: "g-1" in plane.revoked,
            restore=plane.revoked.clear,
            secret=KEY,
        )


def test_every_page_is_read_and_every_one_ended(plane: Grants, connected: Connect) -> None:
    plane.servers = {"g-1": "srv-17", "g-2": "srv-18", "g-3": None, "a/../b": "srv-17", "g-5": "srv-17"}
    made = connected(plane.url)
    was = made.baseline(REVOKE)
    assert was.facts == {"left": 4, "staying": 0, "ids": ["g-1", "g-3", "a/../b", "g-5"]}
    effect = made.apply(REVOKE, was, "key")
    assert effect.facts == {"sent": ["g-1", "g-3", "a/../b", "g-5"], "gone": []}
    assert plane.revoked == {"g-1", "g-3", "a/../b", "g-5"}
    assert made.verify(REVOKE).verdict is Verdict.YES
    assert {path.partition("?")[0] for method, path, _ in plane.heard if method == "GET"} == {
        "/servers/srv-17/grants"
    }, "the server goes by its name of there"


def test_each_has_a_key_of_its_own_and_keeps_it(plane: Grants, connected: Connect) -> None:
    plane.servers = {"g-1": "srv-17", "g-2": "srv-17"}
    for _ in range(2):
        connected(plane.url).apply(REVOKE, None, "key")
        plane.revoked.clear()
    keys = [headers["idempotency-key"] for method, _, headers in plane.heard if method == "DELETE"]
    assert keys[:2] == keys[2:]
    assert len(set(keys)) == 2


def test_what_is_kept_is_told(plane: Grants, connected: Connect) -> None:
    plane.servers = {"grant-of-mcpsoar": None, "g-1": "srv-17"}
    made = connected(plane.url)
    made.apply(REVOKE, made.baseline(REVOKE), "key")
    assert plane.deleted == ["g-1"]
    seen = made.verify(REVOKE)
    assert seen.verdict is Verdict.YES
    assert [(one.what, one.until) for one in seen.exposures] == [
        (
            f"token grant-of-mcpsoar for github, kept, as the profile says {stopped_by(ENTRY)}",
            "2030-01-01T00:00:00.000Z",
        )
    ]


def test_only_of_a_token_it_is_told_what_still_stops_it(plane: Grants, tmp_path: Path) -> None:
    """An entry of a registry's list is no token that the registry's entry could stop."""
    plane.servers = {"grant-of-mcpsoar": None, "g-1": "srv-17", "g-2": "srv-17"}
    toml = EACH.replace('"tokens.revoke"', '"registry.disable"')
    toml = toml.replace(f'{ADDRESS}"', f'{plane.url}"\nsettle_s = 0.2')
    made = connect(bound(tmp_path, toml, "tokens", KEY), clock=SystemClock())
    seen = made.verify(replace(REVOKE, action="registry.disable", role="registry"))
    made.close()
    assert seen.detail == "2 entries for github are left; 1 stays good"
    assert [one.what for one in seen.exposures if "kept" in one.what] == [
        "entry grant-of-mcpsoar for github, kept, as the profile says"
    ]


def test_one_that_is_gone_is_as_good_as_ended(plane: Grants, connected: Connect) -> None:
    plane.servers = {"g-1": "srv-17", "g-2": "srv-17"}
    plane.refusing = {"g-1": 404}
    assert connected(plane.url).apply(REVOKE, None, "key").facts == {"sent": ["g-2"], "gone": ["g-1"]}


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_refusal_is_never_gone(plane: Grants, connected: Connect, status: int) -> None:
    plane.refusing = {"g-1": status}
    made = connected(plane.url, gone='gone = { pointer = "/error", is = "no" }')
    with pytest.raises((Denied, Indeterminate)):
        made.apply(REVOKE, None, "key")


@pytest.mark.parametrize(("status", "ended"), [(403, {"g-2", "g-3"}), (409, {"g-2", "g-3"}), (429, set())])
def test_one_that_is_refused_saves_no_other(
    plane: Grants, connected: Connect, status: int, ended: set[str]
) -> None:
    plane.servers = {"g-1": "srv-17", "g-2": "srv-17", "g-3": "srv-17"}
    plane.refusing = {"g-1": status}
    made = connected(plane.url)
    was = made.baseline(REVOKE)
    with pytest.raises(Indeterminate if ended else Unreachable):
        made.apply(REVOKE, was, "key")
    assert plane.revoked == ended
    seen = made.verify(REVOKE)
    assert (seen.verdict, seen.is_partial) == (Verdict.NO, bool(ended))


def test_whoever_is_not_known_stops_asking(plane: Grants, connected: Connect) -> None:
    plane.servers = {f"g-{number}": "srv-17" for number in range(9)}
    plane.refusing = dict.fromkeys(plane.servers, 401)
    with pytest.raises(Denied):
        connected(plane.url).apply(REVOKE, None, "key")
    assert len(plane.deleted) == 3


def test_busy_in_the_middle_is_looked_at_before_it_is_repeated(plane: Grants, connected: Connect) -> None:
    plane.servers = {"g-1": "srv-17", "g-2": "srv-17"}
    plane.refusing = {"g-2": 429}
    with pytest.raises(Indeterminate, match="1 of 2 were acknowledged"):
        connected(plane.url).apply(REVOKE, None, "key")


@pytest.mark.parametrize("name", [".", ".."])
def test_an_id_that_no_path_can_carry_is_not_sent(plane: Grants, connected: Connect, name: str) -> None:
    plane.servers = {name: "srv-17"}
    plane.servers["g-1"] = "srv-17"
    with pytest.raises(Indeterminate, match="cannot stand in a URL path"):
        connected(plane.url).apply(REVOKE, None, "key")
    assert plane.deleted == ["g-1"], "it saves no other"


# a list that must not be guessed at


@pytest.mark.parametrize(
    "extra",
    [
        {"server": ["srv-17"]},
        {"server": 17},
        {"revoked_at": False, "server": {}},
        {"id": ""},
        {"id": None},
        {"id": 1.5},
        {"id": "x" * 501},
        {"exp": "soon"},
        {"exp": 1e300},
    ],
)
def test_an_entry_that_cannot_be_told_proves_nothing(
    plane: Grants, connected: Connect, extra: dict[str, Any]
) -> None:
    plane.extra = extra
    made = connected(plane.url)
    with pytest.raises(Malformed):
        made.baseline(REVOKE)
    assert made.verify(REVOKE).verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize(
    "changes",
    [
        {"items": 'items = "/dada"'},
        {"of": 'of = { pointer = "/server", is = "{server}" }'},
        {"of": 'of = { pointer = "/sever", is = "{server}" }'},
        {"next": 'next = { pointer = "/links/next" }'},
        {"not_in_force": 'not_in_force = { pointer = "/revoked", is = false }'},
        {"not_in_force": 'not_in_force = { pointer = "/revoked_at", is = 0 }'},
        {"expires": 'expires = "/server"'},
    ],
)
def test_a_profile_that_does_not_fit_the_list_is_no_all_clear(
    plane: Grants, connected: Connect, changes: dict[str, str]
) -> None:
    plane.servers["g-any"] = None
    assert connected(plane.url, **changes).verify(REVOKE).verdict is Verdict.CANNOT_TELL


LINKS: dict[str, Any] = {
    "another host": "https://evil.example.com/servers/srv-17/grants?after={after}",
    "another host at our port": "http://evil.example.com:{port}/servers/srv-17/grants?after={after}",
    "another port": "http://127.0.0.1:1/servers/srv-17/grants?after={after}",
    "another scheme": "https{url}/servers/srv-17/grants?after={after}",
    "no scheme": "//evil.example.com/servers/srv-17/grants?after={after}",
    "another list": "/servers/srv-18/grants?after={after}",
    "a path that climbs": "../../servers/srv-17/x?after={after}",
    "a user": "{url}@evil.example.com/servers/srv-17/grants?after={after}",
    "a name twice": "?after={after}&after={after}",
    "no query": "grants",
    "no address": "http://[::1/",
    "a number": 1.5,
    "an object": {"href": "?after=g-2"},
    "true": True,
    "the same for ever": "?after=g-2",
}


@pytest.mark.parametrize("name", LINKS)
def test_a_link_that_leads_elsewhere_is_not_followed(plane: Grants, connected: Connect, name: str) -> None:
    plane.servers = {f"g-{number}": "srv-17" for number in range(1, 7)}
    plane.link = LINKS[name]
    if name == "another scheme":
        plane.link = LINKS[name].replace("{url}", plane.url.removeprefix("http"))
    seen = connected(plane.url).verify(REVOKE)
    assert seen.verdict is Verdict.CANNOT_TELL
    assert "evil" not in seen.detail
    assert len(plane.heard) <= 3, "pages that repeat are noticed"
    assert all(path.startswith("/servers/srv-17/grants") for _, path, _ in plane.heard)


@pytest.mark.parametrize("link", ["{url}/servers/srv-17/grants?after={after}", "grants?after={after}"])
def test_a_link_to_the_same_list_is_followed(plane: Grants, connected: Connect, link: str) -> None:
    plane.servers = {f"g-{number}": "srv-17" for number in range(1, 7)}
    plane.link = link
    assert connected(plane.url).baseline(REVOKE).facts["left"] == 6


def test_a_list_that_shrinks_while_it_is_read_is_read_again(plane: Grants, connected: Connect) -> None:
    plane.servers = {f"g-{number}": "srv-17" for number in range(1, 5)}
    answer, calls = plane.answer, count(1)

    def shrinking(method: str, target: str, headers: Any) -> tuple[int, Any]:
        return (400, {"error": "cursor"}) if next(calls) == 2 else answer(method, target, headers)

    plane.answer = shrinking  # type: ignore[method-assign]  # a plane whose cursor stood on an ended grant
    seen = connected(plane.url, settle_s=1.0).verify(REVOKE)
    assert seen.facts["left"] == ["g-1", "g-2", "g-3", "g-4"]


@pytest.mark.parametrize(("name", "most"), [("_PAGES", 3), ("_LISTING_S", 0.0)])
def test_a_list_without_an_end_ends(
    plane: Grants, connected: Connect, monkeypatch: pytest.MonkeyPatch, name: str, most: float
) -> None:
    plane.servers = {f"g-{number}": "srv-17" for number in range(20)}
    monkeypatch.setattr(paging, name, most)
    with pytest.raises(Indeterminate, match="did not end in time"):
        connected(plane.url).baseline(REVOKE)
    assert len(plane.heard) == (3 if most else 1)


def test_unknown_is_told_of_a_list_too(plane: Grants, connected: Connect) -> None:
    plane.answer = lambda *_: (200, {"data": [], "error": "no_server"})  # type: ignore[method-assign]
    unknown = '\nunknown = { pointer = "/error", is = "no_server" }\n'
    made = connected(plane.url, table=unknown)
    with pytest.raises(UnknownTarget):
        made.baseline(REVOKE)
    assert made.verify(REVOKE).verdict is Verdict.CANNOT_TELL


def test_the_token_goes_in_its_header_alone(plane: Grants, connected: Connect) -> None:
    connected(plane.url).baseline(REVOKE)
    (headers,) = {tuple(sorted(headers.items())) for _, _, headers in plane.heard}
    assert [name for name, value in headers if KEY in value] == ["x-api-key"]


def test_ids_that_a_terminal_obeys_are_shown_by_number(plane: Grants, connected: Connect) -> None:
    plane.servers = {"g-\x1b[31m\u202e": "srv-17"}
    seen = connected(plane.url).verify(REVOKE)
    assert "\x1b" not in seen.exposures[0].what
    assert "\\u202e" in seen.exposures[0].what


def test_troubles_are_ours(plane: Grants, connected: Connect) -> None:
    plane.refusing = {"g-1": 500}
    with pytest.raises(Trouble) as caught:
        connected(plane.url).apply(REVOKE, None, "key")
    assert KEY not in str(caught.value)
