"""`sigma convert -t lucene -p mcpsoar-lucene`: our texts out of the stock back end, or a refusal."""

from pathlib import Path
from typing import Any

import pytest
from sigma.backends.elasticsearch.elasticsearch_lucene import LuceneBackend
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sigma.plugins import InstalledSigmaPlugins

from mcpsoar.pack import rules
from mcpsoar.targets import lucene
from tests.targets.es import ground
from tests.targets.evaluator import rule
from tests.targets.sigma_cli import sigma

COLUMNS = ground.columns()
RULES = rules.load(ground.ROOT)


def stock(text: str, output: str = "default") -> Any:
    plugins = InstalledSigmaPlugins.autodiscover()
    backend = LuceneBackend(plugins.get_pipeline_resolver().resolve(["mcpsoar-lucene"], "lucene"))
    return backend.convert(SigmaCollection.from_yaml(text), output)


def test_the_stock_back_end_prints_our_text_of_every_rule() -> None:
    made = stock("\n---\n".join(one.text for one in RULES))
    assert made == [lucene.make(COLUMNS).convert(one) for one in RULES]


@pytest.mark.parametrize(
    ("item", "word"),
    [
        ({"tool_name|re": "(?=a)b"}, "lookaround"),
        ({"tool_name|fieldref": "server_name"}, "field references"),
        ({"server_name|cidr": "10.0.0.0/8"}, "cidr"),
        ({"tool_nam": "x"}, "nearest is 'tool_name'"),
        (["keyword"], "keyword"),
        ({"tool_name|cased": "x"}, "Case-sensitive"),
        ({"actor_tags": 5}, "quotes"),
    ],
    ids=str,
)
def test_what_cannot_be_said_never_leaves_as_another_text(item: Any, word: str) -> None:
    with pytest.raises((SigmaError, NotImplementedError), match=word):
        stock(rule({"a": item, "condition": "a"}).text)


@pytest.mark.parametrize("output", ["kibana_ndjson", "dsl_lucene"])
def test_other_formats_of_the_stock_back_end_are_refused(output: str) -> None:
    with pytest.raises(SigmaError, match="default"):
        stock(rule({"a": {"tool_name": "x"}, "condition": "a"}).text, output)


def test_sigmas_own_command_lists_and_uses_it(tmp_path: Path) -> None:
    assert "mcpsoar-lucene" in sigma(tmp_path, "list", "pipelines")
    made = sigma(tmp_path, "convert", "-t", "lucene", "-p", "mcpsoar-lucene", str(RULES[0].path))
    assert made.strip() == lucene.make(COLUMNS).convert(RULES[0])
