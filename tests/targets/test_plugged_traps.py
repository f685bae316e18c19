"""Traps on the way through the stock back ends and their plug-ins, and the tests that show them."""

from functools import partial

import pytest
from sigma.backends.elasticsearch.elasticsearch_esql import ESQLBackend
from sigma.backends.elasticsearch.elasticsearch_lucene import LuceneBackend
from sigma.backends.splunk.splunk import SplunkBackend
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

import sigma.pipelines.mcpsoar as pipelines
from mcpsoar.targets import lucene
from mcpsoar.targets.rule import plugged
from mcpsoar.targets.spl.plugged import OwnSearch
from tests.targets import test_conversion as conversion
from tests.targets.es import test_plugged as es_plugged
from tests.targets.evaluator import COLUMNS, rule
from tests.targets.spl import test_plugged as spl_plugged
from tests.targets.traps import Trap, is_missed, put


@pytest.mark.parametrize("target", ["esql", "lucene", "splunk"])
def test_correlations_are_refused(target: str) -> None:
    """The stock back ends make tumbling windows of them, or nothing."""
    own = {"esql": ESQLBackend, "lucene": LuceneBackend, "splunk": SplunkBackend}[target]
    made = rule({"a": {"tool_name": "x"}, "condition": "a"}).text
    correlation = (
        f"{made}name: made_up\n---\ntitle: Many\ncorrelation:\n  type: event_count\n  rules: [made_up]\n"
        "  group-by: [actor_id]\n  timespan: 10m\n  condition: {gte: 3}\n"
    )
    with pytest.raises((SigmaError, NotImplementedError), match="orrelation"):
        own(pipelines.pipelines[f"mcpsoar-{target}"]()).convert(SigmaCollection.from_yaml(correlation))


def test_a_backslash_is_not_halved_on_its_way_through_the_stock_back_end() -> None:
    """`to_dict` would: a rule is copied, never written and read again."""
    made = rule({"a": {"tool_name|cased": "a\\\\\\\\b"}, "condition": "a"})
    assert r"/a[\\][\\]b/" in lucene.make(COLUMNS).convert(made)
    again = plugged.parsed(SigmaRule.from_yaml(made.text))
    assert [str(value) for value in again.items[0].values] == ["a\\\\b"]


def test_pipelines_are_found_and_nothing_else_is_taken_for_one() -> None:
    assert pipelines.__all__ == ["pipelines"]
    names = [one for one in conversion.TARGETS if one != "sql"]
    assert sorted(pipelines.pipelines) == [f"mcpsoar-{name}" for name in names]
    for name in names:
        assert pipelines.pipelines[f"mcpsoar-{name}"]().allowed_backends == {name}  # not splunk_spl2, say
    above = conversion.ROOT / "sigma"
    assert [
        path for path in (above, above / "pipelines", above / "backends") if (path / "__init__.py").exists()
    ] == []


PLUGGED = [
    *(
        Trap(
            f"correlations of {name}",
            put(plugged, "SigmaCorrelationRule", type(None)),
            partial(test_correlations_are_refused, name),
        )
        for name in ("esql", "splunk")
    ),
    Trap(
        "never through to_dict",
        put(plugged, "deepcopy", lambda made: SigmaRule.from_dict(made.to_dict())),
        test_a_backslash_is_not_halved_on_its_way_through_the_stock_back_end,
    ),
    Trap(
        "a format with a default stanza",
        put(OwnSearch, "apply", plugged.OwnText.apply),
        partial(spl_plugged.test_other_formats_of_the_stock_back_end_are_refused, "savedsearches"),
    ),
    Trap(
        "siem_rule and its like",
        put(plugged.OwnText, "apply", lambda _self, _rule, query: query),
        es_plugged.test_other_formats_of_the_stock_back_end_are_refused,
    ),
    Trap(
        "__all__",
        put(pipelines, "__all__", ["pipelines", "schema"]),
        test_pipelines_are_found_and_nothing_else_is_taken_for_one,
    ),
]


@pytest.mark.parametrize("trap", PLUGGED, ids=lambda trap: trap.told)
def test_a_repair_that_is_taken_out_is_missed(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    is_missed(trap, monkeypatch)
