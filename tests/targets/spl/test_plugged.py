"""`sigma convert -t splunk -p mcpsoar-splunk`: our texts out of the stock back end, or a refusal."""

from pathlib import Path
from typing import Any

import pytest
from sigma.backends.splunk.splunk import SplunkBackend
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sigma.plugins import InstalledSigmaPlugins

from mcpsoar.pack import rules
from mcpsoar.targets import splunk
from tests.targets.evaluator import rule
from tests.targets.sigma_cli import sigma
from tests.targets.spl.splunk import COLUMNS, ROOT

RULES = rules.load(ROOT)


def stock(text: str, output: str = "default") -> Any:
    plugins = InstalledSigmaPlugins.autodiscover()
    backend = SplunkBackend(plugins.get_pipeline_resolver().resolve(["mcpsoar-splunk"], "splunk"))
    return backend.convert(SigmaCollection.from_yaml(text), output)


def test_the_stock_back_end_prints_our_text_of_every_rule() -> None:
    made = stock("\n---\n".join(one.text for one in RULES))
    assert made == [splunk.make(COLUMNS).convert(one) for one in RULES]


@pytest.mark.parametrize(
    "item",
    [
        {"tool_name|re": "x.*"},
        {"tool_name|fieldref": "server_name"},
        {"tool_name": "a\\*b"},
        {"tool_name": "a?b"},
        {"actor_tags|contains": "x"},
        {"tool_name": "10.0.0.0/8"},
    ],
    ids=str,
)
@pytest.mark.parametrize("condition", ["a", "a or b", "b and not a"])
def test_where_the_stock_text_is_wrong_ours_leaves_it(item: Any, condition: str) -> None:
    made = rule({"a": item, "b": {"server_name": "y"}, "condition": condition})
    if "tool_name|fieldref" in item and condition == "a or b":
        with pytest.raises(SigmaError, match="FieldRef"):  # the stock back end's own refusal
            stock(made.text)
        return
    assert stock(made.text) == [splunk.make(COLUMNS).convert(made)]


@pytest.mark.parametrize(
    ("item", "word"),
    [
        ({"tool_nam": "x"}, "nearest is 'tool_name'"),
        (["keyword"], "keywords"),
        ({"tool_name|cased": "x"}, r"Case-sensitive|case"),
        ({"tool_name": "stra\u00dfe"}, "cased"),
        ({"event_time": "x"}, "time"),
    ],
    ids=str,
)
def test_what_cannot_be_said_never_leaves_as_another_text(item: Any, word: str) -> None:
    with pytest.raises((SigmaError, NotImplementedError), match=word):
        stock(rule({"a": item, "condition": "a"}).text)


@pytest.mark.parametrize("output", ["savedsearches", "data_model"])
def test_other_formats_of_the_stock_back_end_are_refused(output: str) -> None:
    with pytest.raises(SigmaError, match=r"default|data model"):
        stock(rule({"a": {"tool_name": "x"}, "condition": "a"}).text, output)


def test_sigmas_own_command_lists_and_uses_it(tmp_path: Path) -> None:
    assert "mcpsoar-splunk" in sigma(tmp_path, "list", "pipelines")
    made = sigma(tmp_path, "convert", "-t", "splunk", "-p", "mcpsoar-splunk", str(RULES[0].path))
    assert made.strip() == splunk.make(COLUMNS).convert(RULES[0])
