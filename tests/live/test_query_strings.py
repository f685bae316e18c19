"""Query strings as Lucene reads them: hostile texts, patterns and conditions find what the scan finds."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mcpsoar.core.errors import Unsupported
from mcpsoar.detect.matching import matches
from mcpsoar.targets import lucene, sql
from mcpsoar.targets.es.lucene import regexp
from tests.live import held
from tests.live.opensearch import Node
from tests.targets.es.test_traps import detections
from tests.targets.evaluator import rule
from tests.targets.interpreter import holds
from tests.targets.lucene.test_traps import HOSTILE, said, timed
from tests.targets.test_regex_laws import ALPHABET, FLAGS, PATTERN, parsed

MODIFIERS = ("", "|cased", "|contains", "|contains|cased", "|startswith|cased", "|endswith")
NAMES = ("tool_name", "server_name", "action_class", "audience_match", "chain_depth", "latency_ms")


def filled(node: Node, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    placed = timed(events, held.COLUMNS)
    held.placed(node)
    held.stored(node, held.lines(placed))
    return placed


def differences(node: Node, asked: dict[str, dict[str, Any]], events: list[dict[str, Any]]) -> dict[str, Any]:
    """By query: what the scan finds and Lucene does not, or the other way round."""
    made = {name: rule(detection) for name, detection in asked.items()}
    want = matches(
        {name: sql.predicate(one, held.COLUMNS) for name, one in made.items()}, events, held.COLUMNS
    )
    queries = {name: lucene.make(held.COLUMNS).convert(one) for name, one in made.items()}
    got = {name: held.found(node, query) for name, query in queries.items()}
    return {queries[name]: (want[name], got[name]) for name in asked if want[name] != got[name]}


@pytest.mark.parametrize("modifiers", MODIFIERS)
def test_a_hostile_text_is_the_text_and_nothing_else(node: Node, modifiers: str) -> None:
    events = filled(node, [{"tool_name": one} for one in HOSTILE])
    asked: dict[str, dict[str, Any]] = {
        f"{at} {condition}": {"a": {f"tool_name{modifiers}": said(one)}, "condition": condition}
        for at, one in enumerate(HOSTILE)
        for condition in ("a", "not a")
    }
    asked["all"] = {"a": {f"tool_name{modifiers}": [said(one) for one in HOSTILE[::3]]}, "condition": "a"}
    assert differences(node, asked, events) == {}


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
def test_a_pattern_is_what_python_finds(node: Node) -> None:
    chance = random.Random(1)
    texts = {"".join(chance.choice(ALPHABET) for _ in range(chance.randint(1, 4))) for _ in range(400)}
    named = sorted(one for one in texts | set(ALPHABET) if one.strip())
    filled(node, [{"tool_name": one} for one in named])
    wrong = {}
    for pattern, flags in drawn(PATTERN, FLAGS, most=1000):
        node_of_rule = parsed(pattern, flags)
        try:
            made = regexp.of(node_of_rule.value)
        except Unsupported:
            continue
        want = tuple(at for at, one in enumerate(named) if holds(node_of_rule, {"one": one}))
        if (got := held.found(node, f"mcp.tool_name:/{made}/")) != want:
            wrong[made] = set(got) ^ set(want)
    assert wrong == {}


def test_any_condition_is_what_the_scan_finds(node: Node) -> None:
    chance = random.Random(1)
    some: dict[str, tuple[Any, ...]] = {
        "tool_name": (None, "a", "A", "b", "a b", "x"),
        "server_name": (None, "a", "u1", "*"),
        "action_class": (None, "read", "WRITE", "destructive"),
        "audience_match": (None, True, False),
        "chain_depth": (None, -3, 0, 1, 5, 12),
        "latency_ms": (None, 0.5, 8, 12.25),
    }
    events = filled(node, [{name: chance.choice(some[name]) for name in NAMES} for _ in range(300)])
    asked = {str(at): one for at, (one,) in enumerate(drawn(detections(), most=300))}
    assert differences(node, asked, events) == {}


def drawn(*strategies: Any, most: int) -> list[tuple[Any, ...]]:
    """Some examples of each, the same in every run."""
    found: list[tuple[Any, ...]] = []

    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*strategies))
    def draw(one: tuple[Any, ...]) -> None:
        found.append(one)

    draw()
    return found
