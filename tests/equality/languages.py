"""What each language finds: the places of events by rule, or the words of a refusal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.ports import Target
from mcpsoar.detect.matching import matches, referenced
from mcpsoar.targets import esql, lucene, splunk, sql
from tests.targets.es import ground
from tests.targets.lucene.index import places
from tests.targets.spl.splunk import COLUMNS, EXTRACTIONS, event
from tests.targets.spl.test_rules import found_in_spl

Facts: TypeAlias = Mapping[str, Any]
Found: TypeAlias = Mapping[str, tuple[int, ...] | str]
Language: TypeAlias = Callable[[Sequence[RuleText], Sequence[Facts]], Found]


def in_sql(rules: Sequence[RuleText], events: Sequence[Facts]) -> Found:
    """The scan, on DuckDB: the oracle."""
    return matches(sql.predicates(rules, COLUMNS), events, COLUMNS)


def in_spl(rules: Sequence[RuleText], events: Sequence[Facts]) -> Found:
    """The search over the calculated fields; events alternate between the two ways nulls come out."""
    wanted = referenced(sql.predicates(rules, COLUMNS).values())
    held = [event(one, extraction=EXTRACTIONS[at % 2], wanted=wanted) for at, one in enumerate(events)]
    return _each(splunk.make(COLUMNS), rules, lambda query: tuple(found_in_spl(query, held)))


def in_esql(rules: Sequence[RuleText], events: Sequence[Facts]) -> Found:
    """The query over the data stream in normal form."""
    indices = ground.held(events, COLUMNS)
    return _each(esql.make(COLUMNS), rules, lambda query: ground.places(query, indices))


def in_lucene(rules: Sequence[RuleText], events: Sequence[Facts]) -> Found:
    """The query string over the same documents, as they are indexed."""
    indices = ground.held(events, COLUMNS)
    return _each(lucene.make(COLUMNS), rules, lambda query: tuple(places(query, indices)))


def _each(
    target: Target, rules: Sequence[RuleText], find: Callable[[str], tuple[int, ...]]
) -> dict[str, tuple[int, ...] | str]:
    found: dict[str, tuple[int, ...] | str] = {}
    for rule in rules:
        try:
            found[rule.id] = find(target.convert(rule))
        except Unsupported as error:
            found[rule.id] = error.message
    return found


LANGUAGES: Mapping[str, Language] = {"SQL": in_sql, "SPL": in_spl, "ES|QL": in_esql, "Lucene": in_lucene}
