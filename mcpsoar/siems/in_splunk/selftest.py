"""A rule's case as one search for Splunk: lines of JSON, their extraction, the calculated fields, the rule.

Calculated fields see what was extracted and not one another, as in the add-on: so each is made under a name
of its own first. Nothing is read from an index and nothing is written.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from mcpsoar.core.content import RuleText
from mcpsoar.core.digest import Facts
from mcpsoar.core.event import Column
from mcpsoar.siems.checks import COLUMNS, NOTHING, RIGHT, WRONG, Asked, Check, converted, of_rules, place
from mcpsoar.targets import splunk
from mcpsoar.targets.spl import fields
from mcpsoar.targets.spl.backend import EVENTS
from mcpsoar.targets.spl.text import field, literal

_LONGEST = 5000  # limits.conf, [spath] extraction_cutoff: spath reads no further


def checks(rules: Sequence[RuleText], columns: Sequence[Column]) -> Iterator[Check]:
    """One search a case of what SPL can say."""
    queries, calculated = converted(rules, splunk.make(columns)), fields.calculated(columns)
    for asked in of_rules(rules, columns):
        is_read = all(len(_line(event)) < _LONGEST for event in asked.case.events)
        if is_read and asked.rule.id in queries:
            query = _search(asked, queries[asked.rule.id], calculated)
            yield Check(asked.name, query, asked.expected)


def _search(asked: Asked, query: str, calculated: Mapping[str, str]) -> str:
    own = [name for name in calculated if name in asked.reads]
    events = asked.case.events
    lines = ", ".join(f"number={at}, {literal(_line(event))}" for at, event in enumerate(events, 1))
    places = ", ".join(f"number={at}, {literal(place(at - 1))}" for at in range(1, len(events) + 1))
    facts = {"case": literal(asked.name), "expected": literal(asked.expected)}
    answer = {"found": f'coalesce(mvjoin(found, ","), "{NOTHING}")'}
    verdict = {"verdict": f'if(found=expected, "{RIGHT}", "{WRONG}")'}
    return "| " + "\n| ".join(
        [
            f"makeresults count={len(events)}",
            "streamstats count AS number",
            f"eval _raw=case({lines})",
            "spath",
            f"eval place=case({places}), {_assigned({_made(name): calculated[name] for name in own})}",
            f"eval {_assigned({name: field(_made(name)) for name in own})}",
            f"search {query.removeprefix(EVENTS).strip()}",
            "stats count AS events, values(place) AS found",
            f"eval {_assigned(facts | answer | verdict)}",
            f"table {' '.join(COLUMNS)}",
        ]
    )


def _assigned(values: Mapping[str, str]) -> str:
    return ", ".join(f"{field(name)}={value}" for name, value in values.items())


def _line(event: Facts) -> str:
    return json.dumps(event, ensure_ascii=False)


def _made(name: str) -> str:
    return f"made_{name}"
