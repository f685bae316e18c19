"""The suite that every connector passes: both sides of the effect for each fault of network and plane.

A connector from outside the project uses it like this, in a test module of its own (the checkout's root on
the path, `pip install mcpsoar[lab]` for the proxy):

    from tests.contract.connector_suite import ConnectorSuite, Subject

    class TestMine(ConnectorSuite):
        @pytest.fixture
        def subject(self): ...
            yield Subject(...)

Nothing else is asked of the connector's package: no fault switches in its plane, no recorded answers. The
suite puts a proxy (`mcpsoar.lab.wire`) between connector and plane and plays every fault there. What it needs
is in `Subject`: the real plane's address, a way to make the connector for *another* address, one step that
the plane can carry out, and two ways around the API: the truth, and back to the start.

What it demands, in the port's words (`mcpsoar.core.ports.Connector`):

- one call to the plane per change, nothing sent twice, nothing printed;
- Unreachable only where the plane did nothing; Indeterminate or Malformed where it may have;
- verify says YES only when the plane's own state says so, raises nothing, and ends in bounded time;
- a 200, 202 or a stale list is never taken for the effect;
- what a step touches (`affects`, where it has that) is read without a change, in bounded time, and is of the
  documented kinds; what is not known is None and no 0;
- no redirect is followed; the token is in no message, no value, no log line and no chained exception.
"""

import logging
import re
import socket
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from mcpsoar.core.errors import (
    Conflict,
    Denied,
    Indeterminate,
    Malformed,
    Trouble,
    Unreachable,
    Unsupported,
)
from mcpsoar.core.plan import Step, Undo
from mcpsoar.core.ports import Connector
from mcpsoar.core.run import Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.lab.wire import Call, Trick, Wire, wire

Connect = Callable[[str, float, float], Connector]

_KEYS = count(1)
_LEISURE_S = 5.0  # time limit of a call that has no reason to be late
_HURRY_S = 1.0  # time limit of a call that is made to be late; what comes before it has to fit
_SETTLE_S = 0.3
_SLACK_S = 3.0  # for a busy machine


@dataclass(frozen=True)
class Subject:
    """What a connector's author brings.

    `base_url`: the real plane, http on loopback. `connect(url, timeout_s, settle_s)`: the connector for that
    plane at another address, its calls bounded by `timeout_s` and its read-backs repeated for at most
    `settle_s`. `step`: something it can do, not in force at the start. `is_in_force`: the plane's own truth,
    not asked through the connector. `restore`: back to not in force. `secret`: the token's text.
    `is_change`: which requests change something; GET and HEAD do not.
    """

    base_url: str
    connect: Connect
    step: Step
    is_in_force: Callable[[], bool]
    restore: Callable[[], None]
    secret: str
    is_change: Callable[[Call], bool] = field(default=lambda call: call.method not in ("GET", "HEAD"))

    def is_read(self, call: Call) -> bool:
        return not self.is_change(call)


# the plane did nothing, and the connector must know that it may not have
NOT_DONE: dict[str, tuple[dict[str, Any], tuple[type[Trouble], ...]]] = {
    "dropped before": ({"trick": Trick.DROP_BEFORE}, (Unreachable, Indeterminate)),
    "redirect 307": ({"trick": Trick.REDIRECT, "status": 307}, (Denied,)),
    "redirect 303": ({"trick": Trick.REDIRECT, "status": 303}, (Denied,)),
    "400": ({"trick": Trick.STATUS, "status": 400}, (Denied, Conflict, Malformed)),
    "401": ({"trick": Trick.STATUS, "status": 401}, (Denied,)),
    "403": ({"trick": Trick.STATUS, "status": 403}, (Denied,)),
    "404": ({"trick": Trick.STATUS, "status": 404}, (Denied, Conflict)),
    "409": ({"trick": Trick.STATUS, "status": 409}, (Conflict,)),
    "412": ({"trick": Trick.STATUS, "status": 412}, (Conflict,)),
    "429": ({"trick": Trick.STATUS, "status": 429, "headers": {"retry-after": "7"}}, (Unreachable,)),
    "503 later": ({"trick": Trick.STATUS, "status": 503, "headers": {"retry-after": "7"}}, (Unreachable,)),
    "500": ({"trick": Trick.STATUS, "status": 500}, (Indeterminate,)),
    "502": ({"trick": Trick.STATUS, "status": 502}, (Indeterminate,)),
    "503": ({"trick": Trick.STATUS, "status": 503}, (Indeterminate,)),
    "504": ({"trick": Trick.STATUS, "status": 504}, (Indeterminate,)),
    "200 of another kind": (
        {"trick": Trick.STATUS, "status": 200, "body": b'{"success": false}'},
        (Malformed,),
    ),
}
# the plane did it, and the connector has no trustworthy word of that
DONE_UNTOLD: dict[str, tuple[dict[str, Any], tuple[type[Trouble], ...]]] = {
    "dropped after": ({"trick": Trick.DROP_AFTER}, (Indeterminate,)),
    "hung up": ({"trick": Trick.HANG_UP}, (Indeterminate,)),
    "silence": ({"trick": Trick.SILENCE}, (Indeterminate,)),
    "slow drip": ({"trick": Trick.DRIP}, (Indeterminate,)),
    "half an answer": ({"trick": Trick.HALF}, (Indeterminate, Malformed)),
    "huge": ({"trick": Trick.HUGE}, (Indeterminate, Malformed)),
    "bomb": ({"trick": Trick.BOMB}, (Indeterminate, Malformed)),
    "not HTTP": ({"trick": Trick.GARBLED}, (Indeterminate, Malformed)),
    "not JSON": ({"trick": Trick.NOT_JSON}, (Indeterminate, Malformed)),
    "NaN": ({"trick": Trick.STATUS_AFTER, "status": 200, "body": b'{"n": NaN}'}, (Indeterminate, Malformed)),
    "500": ({"trick": Trick.STATUS_AFTER, "status": 500}, (Indeterminate,)),
    "504": ({"trick": Trick.STATUS_AFTER, "status": 504}, (Indeterminate,)),
}
_LATE = ("silence", "slow drip", "huge")
AFFECTS = {
    **dict.fromkeys(("tokens", "calls_last_day"), "count"),
    **dict.fromkeys(("principals", "tools", "may_write", "servers"), "names"),  # or their count
    **dict.fromkeys(("owner", "environment"), "text"),
    "kinds": "kinds",
}
READ_FAULTS = {name: play for name, (play, _) in {**DONE_UNTOLD, **NOT_DONE}.items()}


class ConnectorSuite:
    """Inherit, and give it a `subject` fixture (module docstring). Tests may run in any order."""

    @pytest.fixture
    def subject(self) -> Iterator[Subject]:
        raise NotImplementedError("a connector's test class brings its own `subject`")

    @pytest.fixture
    def between(self, subject: Subject) -> Iterator[Wire]:
        """The proxy; the plane is put back to the start on both ends."""
        subject.restore()
        assert not subject.is_in_force(), "`restore` must lead to a plane where the step is not in force"
        with wire(subject.base_url) as proxy:
            yield proxy
        subject.restore()

    @pytest.fixture
    def connect(self, subject: Subject) -> Iterator[Connect]:
        """`subject.connect`, with every connector closed when the test is over."""
        made: list[Connector] = []

        def one(url: str, timeout_s: float, settle_s: float) -> Connector:
            made.append(subject.connect(url, timeout_s, settle_s))
            return made[-1]

        yield one
        for connector in made:
            connector.close()

    @pytest.fixture
    def connector(self, connect: Connect, between: Wire) -> Connector:
        return connect(between.url, _LEISURE_S, _SETTLE_S)

    # without faults

    def test_the_step_is_one_that_the_connector_knows(self, subject: Subject, connector: Connector) -> None:
        assert subject.step.action in connector.actions

    def test_a_change_is_made_seen_and_true(self, subject: Subject, connector: Connector) -> None:
        was = connector.baseline(subject.step)
        assert not was.in_force
        assert connector.verify(subject.step).verdict is Verdict.NO, "verify must look, not remember"
        connector.apply(subject.step, was, _key())
        assert subject.is_in_force()
        assert connector.verify(subject.step).verdict is Verdict.YES
        assert connector.baseline(subject.step).in_force

    def test_a_change_without_a_baseline_is_made_too(self, subject: Subject, connector: Connector) -> None:
        connector.apply(subject.step, None, _key())
        assert subject.is_in_force()
        assert connector.verify(subject.step).verdict is Verdict.YES

    def test_repeating_a_change_under_its_key_is_harmless(
        self, subject: Subject, connector: Connector
    ) -> None:
        key = _key()
        connector.apply(subject.step, None, key)
        connector.apply(subject.step, None, key)
        assert subject.is_in_force()

    def test_looking_changes_nothing(self, subject: Subject, connector: Connector, between: Wire) -> None:
        connector.baseline(subject.step)
        connector.verify(subject.step)
        assert not [call for call in between.calls if subject.is_change(call)]

    def test_an_undo_is_made_seen_and_true_or_refused(self, subject: Subject, connector: Connector) -> None:
        was = connector.baseline(subject.step)
        connector.apply(subject.step, was, _key())
        if subject.step.undo is Undo.NONE:
            with pytest.raises(Unsupported):
                connector.rollback(subject.step, was, _key())
            assert connector.verify_rollback(subject.step, was).verdict is Verdict.CANNOT_TELL
            return
        assert connector.verify_rollback(subject.step, was).verdict is Verdict.NO
        connector.rollback(subject.step, was, _key())
        assert not subject.is_in_force()
        assert connector.verify_rollback(subject.step, was).verdict is Verdict.YES

    def test_undoing_what_was_in_force_before_leaves_it_in_force(
        self, subject: Subject, connector: Connector
    ) -> None:
        connector.apply(subject.step, None, _key())
        was = connector.baseline(subject.step)
        with suppress(Unsupported):
            connector.rollback(subject.step, was, _key())
        assert subject.is_in_force()

    # a change meets a fault

    @pytest.mark.parametrize("fault", NOT_DONE)
    def test_a_change_that_was_not_made_is_never_claimed(
        self, subject: Subject, connector: Connector, between: Wire, fault: str
    ) -> None:
        play, meanings = NOT_DONE[fault]
        between.play(when=subject.is_change, **play)
        with pytest.raises(meanings) as caught:
            connector.apply(subject.step, None, _key())
        if isinstance(caught.value, Unreachable) and "later" in play.get("headers", {}):
            assert caught.value.retry_after_s == 7
        between.heal()
        assert not subject.is_in_force()
        assert connector.verify(subject.step).verdict is Verdict.NO
        assert between.decoy_connections == 0, "a redirect was followed"
        _sent_once(subject, between)

    def test_a_named_wait_is_handed_on(self, subject: Subject, connector: Connector, between: Wire) -> None:
        between.play(Trick.STATUS, when=subject.is_change, status=429, headers={"retry-after": "7"})
        with pytest.raises(Unreachable) as caught:
            connector.apply(subject.step, None, _key())
        assert caught.value.retry_after_s == 7

    @pytest.mark.parametrize("fault", DONE_UNTOLD)
    def test_a_change_that_was_made_unseen_is_found_by_looking(
        self, subject: Subject, connect: Connect, between: Wire, fault: str
    ) -> None:
        limit_s = _HURRY_S if fault in _LATE else _LEISURE_S
        connector = connect(between.url, limit_s, _SETTLE_S)
        play, meanings = DONE_UNTOLD[fault]
        between.play(when=subject.is_change, **play)
        start = time.monotonic()
        with pytest.raises(meanings):
            connector.apply(subject.step, None, _key())
        assert time.monotonic() - start < limit_s + _SLACK_S, "a call must end in its own time"
        between.heal()
        _wait(subject.is_in_force)
        patient = connect(between.url, _LEISURE_S, _SETTLE_S)
        assert patient.verify(subject.step).verdict is Verdict.YES
        _sent_once(subject, between)

    def test_nobody_listens(self, subject: Subject, connect: Connect) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        connector = connect(f"http://127.0.0.1:{port}", _LEISURE_S, _SETTLE_S)
        with pytest.raises(Unreachable):
            connector.apply(subject.step, None, _key())
        with pytest.raises(Unreachable):
            connector.baseline(subject.step)
        assert connector.verify(subject.step).verdict is Verdict.CANNOT_TELL

    @pytest.mark.parametrize("fault", ["dropped before", "401", "409", "429", "500"])
    def test_an_undo_that_was_not_made_is_never_claimed(
        self, subject: Subject, connector: Connector, between: Wire, fault: str
    ) -> None:
        was = connector.baseline(subject.step)
        connector.apply(subject.step, was, _key())
        play, meanings = NOT_DONE[fault]
        between.play(when=subject.is_change, **play)
        with pytest.raises((*meanings, Unsupported)):
            connector.rollback(subject.step, was, _key())
        between.heal()
        assert subject.is_in_force()
        assert connector.verify_rollback(subject.step, was).verdict is not Verdict.YES

    @pytest.mark.parametrize("fault", ["dropped after", "hung up", "not JSON", "500"])
    def test_an_undo_that_was_made_unseen_is_found_by_looking(
        self, subject: Subject, connector: Connector, between: Wire, fault: str
    ) -> None:
        if subject.step.undo is Undo.NONE:
            pytest.skip("there is no undo")
        was = connector.baseline(subject.step)
        connector.apply(subject.step, was, _key())
        play, meanings = DONE_UNTOLD[fault]
        between.play(when=subject.is_change, **play)
        with pytest.raises(meanings):
            connector.rollback(subject.step, was, _key())
        between.heal()
        _wait(lambda: not subject.is_in_force())
        assert connector.verify_rollback(subject.step, was).verdict is Verdict.YES

    # a plane that says more than it does

    def test_a_lying_200_is_not_the_effect(
        self, subject: Subject, connector: Connector, between: Wire
    ) -> None:
        connector.apply(subject.step, None, _key())
        subject.restore()
        between.play(Trick.REPLAY, when=subject.is_change)
        with suppress(Trouble):
            connector.apply(subject.step, None, _key())
        assert not subject.is_in_force()
        assert connector.verify(subject.step).verdict is Verdict.NO

    def test_a_202_that_is_kept_is_seen_when_it_comes(
        self, subject: Subject, connect: Connect, between: Wire
    ) -> None:
        connector = connect(between.url, _LEISURE_S, 4.0)
        between.play(Trick.LATER, when=subject.is_change, seconds=0.3)
        with suppress(Indeterminate):
            connector.apply(subject.step, None, _key())
        assert connector.verify(subject.step).verdict is Verdict.YES
        assert subject.is_in_force()

    def test_a_202_that_is_not_kept_is_never_the_effect(
        self, subject: Subject, connector: Connector, between: Wire
    ) -> None:
        between.play(Trick.STATUS, when=subject.is_change, status=202)
        with suppress(Indeterminate):
            connector.apply(subject.step, None, _key())
        start = time.monotonic()
        assert connector.verify(subject.step).verdict is Verdict.NO
        assert time.monotonic() - start < _SETTLE_S + _SLACK_S

    def test_a_read_back_that_stays_stale_is_no_proof(
        self, subject: Subject, connector: Connector, between: Wire
    ) -> None:
        connector.verify(subject.step)
        connector.apply(subject.step, None, _key())
        between.play(Trick.REPLAY, when=subject.is_read)
        assert connector.verify(subject.step).verdict is not Verdict.YES

    def test_a_read_back_that_catches_up_is_waited_for(
        self, subject: Subject, connect: Connect, between: Wire
    ) -> None:
        connector = connect(between.url, _LEISURE_S, 4.0)
        connector.baseline(subject.step)
        connector.apply(subject.step, None, _key())
        between.play(Trick.REPLAY, when=subject.is_read, times=1)
        assert connector.verify(subject.step).verdict is Verdict.YES

    def test_a_change_that_somebody_reverts_is_no_longer_seen(
        self, subject: Subject, connector: Connector
    ) -> None:
        connector.apply(subject.step, None, _key())
        assert connector.verify(subject.step).verdict is Verdict.YES
        subject.restore()
        assert connector.verify(subject.step).verdict is Verdict.NO

    # a read-back meets a fault

    @pytest.mark.parametrize("fault", READ_FAULTS)
    def test_a_read_back_that_fails_says_so_in_time(
        self, subject: Subject, connect: Connect, between: Wire, fault: str
    ) -> None:
        limit_s = _HURRY_S if fault in _LATE else _LEISURE_S
        connect(between.url, _LEISURE_S, _SETTLE_S).apply(subject.step, None, _key())
        connector = connect(between.url, limit_s, _SETTLE_S)
        between.play(when=subject.is_read, **READ_FAULTS[fault])
        start = time.monotonic()
        seen = connector.verify(subject.step)
        took_s = time.monotonic() - start
        assert seen.verdict is Verdict.CANNOT_TELL
        assert seen.detail, "a doubt says why"
        assert took_s < 2 * limit_s + _SETTLE_S + _SLACK_S
        with pytest.raises((Unreachable, Indeterminate, Denied, Malformed, Unsupported, Conflict)):
            connector.baseline(subject.step)

    @pytest.mark.parametrize("status", [404, 405, 501])
    def test_a_plane_without_read_back_is_told_apart(
        self, subject: Subject, connector: Connector, between: Wire, status: int
    ) -> None:
        between.play(Trick.STATUS, when=subject.is_read, status=status)
        with pytest.raises(Unsupported):
            connector.baseline(subject.step)
        with suppress(Unsupported):  # what has to be listed before it can be changed
            connector.apply(subject.step, None, _key())
            assert subject.is_in_force()
        assert connector.verify(subject.step).verdict is Verdict.CANNOT_TELL

    # what a step touches

    def test_what_a_step_touches_is_read_without_a_change(
        self, subject: Subject, connector: Connector, between: Wire
    ) -> None:
        told = [connector.baseline(subject.step).affects, _affects(connector)(subject.step)]
        assert not [call for call in between.calls if subject.is_change(call)]
        for affects in told:
            assert affects.keys() <= AFFECTS.keys()
            known = {name: value for name, value in affects.items() if value is not None}
            assert not {name: value for name, value in known.items() if not _is_of(AFFECTS[name], value)}

    @pytest.mark.parametrize("fault", READ_FAULTS)
    def test_a_look_at_what_a_step_touches_ends_in_time(
        self, subject: Subject, connect: Connect, between: Wire, fault: str
    ) -> None:
        limit_s = _HURRY_S if fault in _LATE else _LEISURE_S
        affects = _affects(connect(between.url, limit_s, _SETTLE_S))
        between.play(when=subject.is_read, **READ_FAULTS[fault])
        start = time.monotonic()
        with suppress(Trouble):
            known = [name for name, value in affects(subject.step).items() if value is not None]
            assert not known, "nobody was heard"
        assert time.monotonic() - start < 2 * limit_s + _SLACK_S
        assert between.decoy_connections == 0, "a redirect was followed"

    # secrets

    @pytest.mark.parametrize("status", [200, 202, 302, 400, 401, 403, 404, 409, 429, 500, 503])
    def test_an_echoed_token_goes_nowhere(
        self,
        subject: Subject,
        connector: Connector,
        between: Wire,
        request: pytest.FixtureRequest,
        status: int,
    ) -> None:
        capfd: pytest.CaptureFixture[str] = request.getfixturevalue("capfd")
        caplog: pytest.LogCaptureFixture = request.getfixturevalue("caplog")
        caplog.set_level(logging.DEBUG)
        between.play(Trick.ECHO, status=status)
        said = [_told(lambda: connector.baseline(subject.step))]
        if hasattr(connector, "affects"):
            said.append(_told(lambda: _affects(connector)(subject.step)))
        said.append(_told(lambda: connector.apply(subject.step, None, _key())))
        said.append(_told(lambda: connector.rollback(subject.step, None, _key())))
        said.append(_told(lambda: connector.verify(subject.step)))
        said.append(_told(lambda: connector.verify_rollback(subject.step, None)))
        said.append(repr(vars(connector) if hasattr(connector, "__dict__") else connector))
        out, err = capfd.readouterr()
        assert (out, err) == ("", ""), "a connector prints nothing"
        everything = "\n".join([*said, caplog.text])
        assert not re.search(re.escape(subject.secret), everything)


def _key() -> str:
    """A fresh Idempotency-Key: 64 hex digits, as `core.digest.effect_key` makes them."""
    return f"{time.time_ns():032x}{next(_KEYS):032x}"


def _affects(connector: Connector) -> Callable[[Step], Mapping[str, object]]:
    found: Callable[[Step], Mapping[str, object]] | None = getattr(connector, "affects", None)
    if found is None:
        pytest.skip("it cannot tell what a step touches")
    return found


def _is_of(kind: str, value: object) -> bool:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    match kind, value:
        case "text", str():
            return True
        case "names", list():
            return all(isinstance(one, str) for one in value)
        case "kinds", dict():
            return all(isinstance(one, str) and _is_of("count", many) for one, many in value.items())
    return kind in ("count", "names") and is_count


def _sent_once(subject: Subject, between: Wire) -> None:
    changes = [(call.method, call.target, call.body) for call in between.calls if subject.is_change(call)]
    assert len(changes) == len(set(changes)), "a connector does not retry: the runner does"


def _told(act: Callable[[], object]) -> str:
    """All that a caller could print of what `act` gave: value or exception with everything chained to it."""
    try:
        value = act()
    except Trouble as trouble:
        return "".join(traceback.format_exception(trouble)) + repr(vars(trouble)) + repr(trouble.args)
    return f"{value!r} {value.detail if isinstance(value, Observation) else ''}"


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until, "the plane did not get there"
        time.sleep(0.01)
