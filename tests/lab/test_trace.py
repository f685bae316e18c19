"""Depth, fan-out and taint, as the gateway remembers them."""

import pytest

from mcpsoar.lab.trace import Conversations, Traces, traceparent

TRACE = "ab" * 16


def test_a_chain_grows_by_one_with_each_call_that_causes_another() -> None:
    traces, parent, depths = Traces(), None, []
    for _ in range(4):
        place = traces.enter(traceparent(TRACE, parent))
        assert place.trace_id == TRACE
        parent = place.span_id
        depths.append(place.depth)
    assert depths == [1, 2, 3, 4]


def test_children_of_one_call_are_counted() -> None:
    traces = Traces()
    root = traces.enter(traceparent(TRACE, None))
    places = [traces.enter(traceparent(TRACE, root.span_id)) for _ in range(3)]
    assert [place.fan_out for place in places] == [1, 2, 3]
    assert {place.depth for place in places} == {2}
    assert {place.parent for place in places} == {root.span_id}


def test_a_parent_that_nobody_saw_starts_at_one() -> None:
    assert Traces().enter(traceparent(TRACE, "0123456789abcdef")).depth == 1


def test_a_parent_of_another_trace_is_no_parent() -> None:
    traces = Traces()
    root = traces.enter(traceparent(TRACE, None))
    assert traces.enter(traceparent("cd" * 16, root.span_id)).depth == 1


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        f"00-{'0' * 32}-0123456789abcdef-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-0123456789abcdef-01",
        f"00-{TRACE.upper()}-0123456789abcdef-01",
        f"00-{TRACE}-0123456789abcdef-01\n",
    ],
)
def test_what_is_no_traceparent_starts_a_trace_of_its_own(header: str | None) -> None:
    place = Traces().enter(header)
    assert place.trace_id != TRACE
    assert (place.parent, place.depth, place.fan_out) == (None, 1, None)


def test_old_traces_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpsoar.lab.trace._KEEP", 2)
    traces = Traces()
    root = traces.enter(traceparent(TRACE, None))
    for _ in range(2):
        traces.enter(None)
    assert traces.enter(traceparent(TRACE, root.span_id)).depth == 1


def test_a_conversation_is_tainted_for_its_own_actor_alone() -> None:
    talks = Conversations()
    talks.taint("alice", "c-1")
    assert talks.is_tainted("alice", "c-1")
    assert not talks.is_tainted("bob", "c-1")
    assert not talks.is_tainted("alice", "c-2")
