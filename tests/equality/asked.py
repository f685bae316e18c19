"""The events that all languages are asked about: cases in every spelling, and a sample of the corpora."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from mcpsoar.app import variants
from mcpsoar.core.content import RuleText
from mcpsoar.pack import rules
from mcpsoar.targets import sql
from tests.targets.spl.splunk import COLUMNS, ROOT
from tests.targets.spl.test_rules import read, sample

Facts = Mapping[str, Any]
RULES = rules.load(ROOT)


@cache
def events() -> tuple[Facts, ...]:
    """Each once; every rule is asked about all of them, also about the cases of its neighbours."""
    return tuple(_once([*(one for rule in RULES for one in _of(rule)), *sample()]))


def _of(rule: RuleText) -> list[Facts]:
    wanted = read(sql.predicate(rule, COLUMNS))
    found: list[Facts] = []
    for case in rule.cases:
        found += case.events
        for variant in variants.each(case, COLUMNS, wanted):
            found += [*variant.events, *variant.like]
    return found


def _once(many: Iterable[Facts]) -> list[Facts]:
    return list({json.dumps(one, sort_keys=True): one for one in many}.values())
