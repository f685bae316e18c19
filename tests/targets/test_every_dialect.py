"""For every rule and detection of the pack and every dialect there is a query that its parser reads, or a
refusal that says why: nothing is passed on in silence."""

from pathlib import Path

import pytest
from sqlglot import exp, parse_one

from mcpsoar.app.rules import converted
from mcpsoar.pack import content
from mcpsoar.targets.bridge.dialect import DIALECTS

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_query_is_read_back_by_the_parser_of_its_dialect(dialect: str) -> None:
    made = converted(ROOT, "sql", dialect=dialect)
    assert [one.rule.id for one in made] == [text.id for text in content.load(ROOT)]
    for one in made:
        if one.query is None:
            assert dialect in one.refusal, one.rule.id
            continue
        tree = parse_one(one.query, read=dialect)
        assert isinstance(tree, exp.Select), one.rule.id
        assert not list(tree.find_all(exp.Command)), one.rule.id


@pytest.mark.parametrize("target", ["esql", "splunk"])
def test_what_a_siem_is_not_given_is_refused_by_name(target: str) -> None:
    for one in converted(ROOT, target):
        assert one.query or one.rule.id in one.refusal
